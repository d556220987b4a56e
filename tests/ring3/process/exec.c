// SPDX-License-Identifier: MIT
/*
 * execve: its paths and arguments, and what a new program inherits. The new program is this one
 * again, with the name of a check as its argument.
 */
#include "tests/ring3/ring3.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#define NOT_EXECUTED 100 /* the exit status of a child is this and the errno of execve */

static char *self(void)
{
    return (char *)getauxval(AT_EXECFN);
}

/* ---- paths and arguments ---- */

static const char *path_to_exec;

static void exec_path(void)
{
    char *arguments[] = {(char *)path_to_exec, NULL};

    execve(path_to_exec, arguments, environ);
    _exit(NOT_EXECUTED + errno);
}

static void expect_exec_error(const char *path, int error)
{
    path_to_exec = path;
    EXPECT_EXITED(exec_path, NOT_EXECUTED + error);
}

static void bad_paths(void)
{
    static const char path[] = "/tmp/latchkey-exec";

    mkdir("/tmp", 0777);
    close(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600));
    expect_exec_error(path, EACCES);
    unlink(path);
    expect_exec_error("", ENOENT);
    expect_exec_error("/tmp", EACCES);
    expect_exec_error("/tmp/no/such", ENOENT);
}

static void exec_with_long_argument(void)
{
    char *text = map_pages(33, READ_WRITE);
    char *arguments[] = {self(), text, NULL};

    memset(text, 'x', 32 * PAGE);
    execve(self(), arguments, environ);
    _exit(NOT_EXECUTED + errno);
}

static void long_argument(void)
{
    EXPECT_EXITED(exec_with_long_argument, NOT_EXECUTED + E2BIG);
}

/* ---- what a new program inherits: this program again, as the new one ---- */

static void exec_self(char *check, char *second, char *third)
{
    char *arguments[] = {"self", check, second, third, NULL};
    char *environment[] = {"NAME=value", "OTHER=", NULL};

    execve(self(), arguments, environment);
    _exit(NOT_EXECUTED + errno);
}

static void start_with_arguments(void)
{
    exec_self("arguments", "", "two words");
}

static bool check_arguments(int argc, char **argv)
{
    return argc == 4 && strcmp(argv[0], "self") == 0 && strcmp(argv[2], "") == 0 &&
           strcmp(argv[3], "two words") == 0 && argv[4] == NULL &&
           strcmp(getenv("NAME"), "value") == 0 && strcmp(getenv("OTHER"), "") == 0 &&
           environ[2] == NULL;
}

static void start_with_keys(void)
{
    char *code = map_code();
    char first[16];

    mprotect(code, PAGE, PROT_EXEC);
    pkey_alloc(0, 0);
    pkey_alloc(0, 0);
    pkru_write(0x12345670);
    snprintf(first, sizeof(first), "%#x", first_pkru);
    exec_self("keys", first, NULL);
}

static bool check_keys(int argc, char **argv)
{
    (void)argc;
    return pkru_read() == strtoul(argv[2], NULL, 16) && pkey_alloc(0, 0) == 1 &&
           pkey_alloc(0, 0) == 2;
}

static void ignore_it(int number)
{
    (void)number;
}

static void start_with_signals(void)
{
    stack_t stack = {.ss_sp = map_pages(4, READ_WRITE), .ss_size = 4 * PAGE};
    sigset_t set;

    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, ignore_it);
    sigaltstack(&stack, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise_here(SIGTERM);
    exec_self("signals", NULL, NULL);
}

static bool check_signals(int argc, char **argv)
{
    struct sigaction usr1, usr2;
    sigset_t mask, pending;
    stack_t stack;

    (void)argc;
    (void)argv;
    sigaction(SIGUSR1, NULL, &usr1);
    sigaction(SIGUSR2, NULL, &usr2);
    sigprocmask(SIG_BLOCK, NULL, &mask);
    sigpending(&pending);
    sigaltstack(NULL, &stack);
    return usr1.sa_handler == SIG_IGN && usr2.sa_handler == SIG_DFL &&
           sigismember(&mask, SIGTERM) == 1 && sigismember(&pending, SIGTERM) == 1 &&
           stack.ss_flags == SS_DISABLE;
}

static void start_with_files(void)
{
    int kept = open("/", O_RDONLY);
    int closed = open("/", O_RDONLY | (is_core() ? O_CLOEXEC : 0));
    char first[16], second[16];

    if (!is_core())
        fcntl(closed, F_SETFD, FD_CLOEXEC);
    snprintf(first, sizeof(first), "%d", kept);
    snprintf(second, sizeof(second), "%d", closed);
    exec_self("files", first, second);
}

static bool check_files(int argc, char **argv)
{
    (void)argc;
    return lseek(atoi(argv[2]), 0, SEEK_CUR) == 0 && lseek(atoi(argv[3]), 0, SEEK_CUR) == -1 &&
           errno == EBADF;
}

static void start_with_mappings(void)
{
    char *page = mmap((void *)0x20000000, PAGE, READ_WRITE, PRIVATE | MAP_FIXED, -1, 0);

    page[0] = 1;
    exec_self("mappings", NULL, NULL);
}

static bool check_mappings(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return mprotect((void *)0x20000000, PAGE, PROT_READ) == -1 && errno == ENOMEM;
}

static const struct {
    const char *name;
    bool (*check)(int argc, char **argv);
} checks[] = {
    {"arguments", check_arguments}, {"keys", check_keys},         {"signals", check_signals},
    {"files", check_files},         {"mappings", check_mappings},
};

static int run_check(int argc, char **argv)
{
    for (size_t i = 0; i < COUNT(checks); i++) {
        if (strcmp(checks[i].name, argv[1]) == 0)
            return checks[i].check(argc, argv) ? 0 : 1;
    }
    return 2;
}

static void keeps_arguments(void)
{
    EXPECT_EXITED(start_with_arguments, 0);
}

static void resets_keys(void)
{
    if (!skipped_without_pku())
        EXPECT_EXITED(start_with_keys, 0);
}

static void resets_signals(void)
{
    EXPECT_EXITED(start_with_signals, 0);
}

static void keeps_files(void)
{
    EXPECT_EXITED(start_with_files, 0);
}

static void drops_mappings(void)
{
    EXPECT_EXITED(start_with_mappings, 0);
}

static const struct ktap_test tests[] = {
    {"bad paths: EACCES and ENOENT", bad_paths},
    {"an argument of 128 KiB is E2BIG", long_argument},
    {"arguments and environment arrive", keeps_arguments},
    {"PKRU, the key map and the execute-only key start anew", resets_keys},
    {"handlers and the alternate stack go; ignored, blocked and pending signals stay",
     resets_signals},
    {"files stay open but for FD_CLOEXEC", keeps_files},
    {"mappings go", drops_mappings},
};

int main(int argc, char **argv)
{
    if (argc > 1)
        return run_check(argc, argv);
    probe_init();
    return ktap_run(tests, COUNT(tests), NULL);
}
