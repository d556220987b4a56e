// SPDX-License-Identifier: MIT
/*
 * execve: what the new program gets, what it keeps of the old one, and what is refused.
 */
#include "tests/programs/show.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>

extern char **environ;

#define SELF "/proc/self/exe"

/* Runs this program once more, in a child, in the part that argv[1] names. */
static void again(const char *part, const char *argument)
{
    char *arguments[] = {"again", (char *)part, (char *)argument, NULL};

    fflush(NULL);
    execv(SELF, arguments);
    say("exec of itself: %s", strerror(errno));
    _exit(99);
}

/* ---- arguments and environment ---- */

static void show_arguments(int count, char **arguments)
{
    for (int i = 0; i < count; i++)
        say("argv[%d] = \"%s\"", i, arguments[i]);
    for (char **entry = environ; *entry; entry++)
        say("environment: %s", *entry);
}

static void arguments(void)
{
    char *argv[] = {"a name", "arguments", "", "a b", NULL};
    char *envp[] = {"ONE=1", "TWO=", "no equals sign", NULL};

    execve(SELF, argv, envp);
    _exit(99);
}

static void no_environment(void)
{
    char *argv[] = {"", "arguments", NULL};

    execve(SELF, argv, NULL);
    _exit(99);
}

static void long_argument(void)
{
    size_t longest = 32 * 4096;
    char *text = malloc(longest + 1);

    memset(text, 'x', longest);
    text[longest] = '\0';
    char *argv[] = {"again", "length", text, NULL};
    SHOW(execv(SELF, argv)); /* exec with an argument of 131072 bytes */
    text[longest - 1] = '\0';
    execv(SELF, argv);
    _exit(99);
}

static void many_arguments(void)
{
    size_t count = 400000;
    char **argv = calloc(count + 1, sizeof(*argv));

    for (size_t i = 0; i < count; i++)
        argv[i] = "0123456789";
    SHOW(execv(SELF, argv)); /* exec with 400000 arguments of 10 bytes */
    argv[0] = "again";
    argv[1] = "count";
    argv[100000] = NULL;
    execv(SELF, argv);
    _exit(99);
}

/* ---- what stays and what goes ---- */

static void handler(int number)
{
    (void)number;
}

static const char *disposition(int number)
{
    struct sigaction action;

    sigaction(number, NULL, &action);
    return action.sa_handler == SIG_DFL   ? "default"
           : action.sa_handler == SIG_IGN ? "ignored"
                                          : "handled";
}

static void show_signals(void)
{
    sigset_t blocked, pending;
    stack_t stack;

    sigprocmask(SIG_BLOCK, NULL, &blocked);
    sigpending(&pending);
    sigaltstack(NULL, &stack);
    say("SIGUSR1, which was handled: %s", disposition(SIGUSR1));
    say("SIGUSR2, which was ignored: %s", disposition(SIGUSR2));
    say("SIGCHLD, which was ignored: %s", disposition(SIGCHLD));
    say("SIGTERM, which was left alone: %s", disposition(SIGTERM));
    SHOW(sigismember(&blocked, SIGTERM)); /* is still blocked */
    SHOW(sigismember(&blocked, SIGHUP));
    SHOW(sigismember(&pending, SIGTERM));  /* is still pending */
    SHOW(sigismember(&pending, SIGRTMAX)); /* is still pending */
    SHOW(stack.ss_flags == SS_DISABLE);    /* the alternate stack is gone */
}

static void signals(void)
{
    stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
    sigset_t set;

    signal(SIGUSR1, handler);
    signal(SIGUSR2, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGRTMAX);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGTERM);
    raise(SIGRTMAX);
    sigaltstack(&stack, NULL);
    again("signals", NULL);
}

static void show_descriptors(void)
{
    SHOW(fcntl(100, F_GETFD));     /* a descriptor with FD_CLOEXEC */
    SHOW(fcntl(101, F_GETFD));     /* one without */
    SHOW(lseek(101, 0, SEEK_CUR)); /* its position */
    SHOW(fcntl(102, F_GETFD));     /* a copy of the one with FD_CLOEXEC */
}

static void descriptors(void)
{
    int file = open(SELF, O_RDONLY);

    dup3(file, 100, O_CLOEXEC);
    dup2(100, 102);
    dup2(file, 101);
    lseek(101, 7, SEEK_SET);
    again("descriptors", NULL);
}

static void show_rest(const char *argument)
{
    struct rlimit limit;
    struct itimerval timer;
    char name[17] = "";
    int value = -1;

    getrlimit(RLIMIT_CORE, &limit);
    getitimer(ITIMER_REAL, &timer);
    prctl(PR_GET_NAME, name);
    say("name: %s", name);
    say("umask: %03o", umask(0));
    SHOW(limit.rlim_cur);             /* of core dumps */
    SHOW(timer.it_value.tv_sec > 50); /* the timer goes on */
    SHOW(atoi(argument) == getpid()); /* the pid is the same */
    SHOW(getpgrp() == getpid());      /* the group is the same */
    prctl(PR_GET_PDEATHSIG, &value);
    SHOW(value); /* the parent's death signal */
    SHOW(prctl(PR_GET_DUMPABLE));
    SHOW(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

static void rest(void)
{
    struct rlimit limit = {0, 0};
    struct itimerval timer = {.it_value = {100, 0}};
    char text[20];

    setpgid(0, 0);
    umask(031);
    setrlimit(RLIMIT_CORE, &limit);
    setitimer(ITIMER_REAL, &timer, NULL);
    prctl(PR_SET_NAME, "another name");
    prctl(PR_SET_PDEATHSIG, SIGUSR1);
    prctl(PR_SET_DUMPABLE, 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    snprintf(text, sizeof(text), "%d", getpid());
    prctl(PR_SET_DUMPABLE, 1); /* without it, /proc/self/exe is not to be read */
    again("rest", text);
}

static void children_that_wait(void)
{
    int status;
    char *argv[] = {"again", "status", "43", NULL};
    pid_t pid = vfork();

    if (pid == 0) {
        execv(SELF, argv);
        _exit(99);
    }
    waitpid(pid, &status, 0);
    say_status("vfork and exec", status);
}

/* A process may be put into another group by its parent until it execs. */
static void group_after_exec(void)
{
    int ends[2];
    char byte;
    char text[20];

    (void)!pipe(ends);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        snprintf(text, sizeof(text), "%d", ends[1]);
        again("wait", text);
    }
    close(ends[1]);
    SHOW(read(ends[0], &byte, 1)); /* the child has made its exec */
    SHOW(setpgid(pid, pid));       /* of a child that made an exec */
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(ends[0]);
}

/* ---- what is refused ---- */

static void try(const char *what, const char *path)
{
    char *argv[] = {"refused", NULL};

    section(what);
    SHOW(execve(path, argv, environ));
}

static void put(const char *path, const char *text, size_t size, mode_t mode)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0700);

    if (write(file, text, size) != (ssize_t)size)
        say("%s cannot be written", path);
    fchmod(file, mode);
    close(file);
}

static void refused(void)
{
    char name[PATH_MAX + 10];
    char *none[] = {NULL};

    memset(name, 'n', sizeof(name));
    name[300] = '\0';
    put("refused.text", "not a program\n", 14, 0700);
    put("refused.mode", "#!/proc/self/exe\n", 17, 0600);
    put("refused.empty", "", 0, 0700);
    put("refused.elf", "\177ELF", 4, 0700);
    put("refused.script", "#!/no/such/interpreter\n", 23, 0700);
    put("refused.blank", "#!   \n", 6, 0700);
    symlink("refused.loop", "refused.loop");
    try("exec of nothing", "refused.nothing");
    try("exec of an empty path", "");
    try("exec of a folder", ".");
    try("exec below a file", "refused.text/x");
    try("exec of a name too long", name);
    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    try("exec of a path too long", name);
    try("exec of text", "refused.text");
    try("exec of a file that may not be executed", "refused.mode");
    try("exec of an empty file", "refused.empty");
    try("exec of a stump of ELF", "refused.elf");
    try("exec of a script without its interpreter", "refused.script");
    try("exec of a script that names none", "refused.blank");
    try("exec of a loop of links", "refused.loop");
    try("exec of a device", "/dev/null");
    SHOW(syscall(SYS_execve, 8, none, none)); /* exec of a bad path */
    SHOW(syscall(SYS_execve, SELF, 8, none)); /* exec with bad arguments */
    SHOW(syscall(SYS_execve, SELF, none, 8)); /* exec with a bad environment */
    char *bad[] = {(char *)8, NULL};
    SHOW(syscall(SYS_execve, SELF, bad, none));              /* exec with a bad argument */
    SHOW(syscall(SYS_execveat, -100, SELF, none, none, 1));  /* with an unknown flag */
    SHOW(syscall(SYS_execveat, 77, "x", none, none, 0));     /* of a bad descriptor */
    SHOW(syscall(SYS_execveat, 77, "", none, none, 0x1000)); /* of a bad empty path */
    /* of a link that it may not follow */
    SHOW(syscall(SYS_execveat, AT_FDCWD, "refused.loop", none, none, AT_SYMLINK_NOFOLLOW));
    unlink("refused.text");
    unlink("refused.mode");
    unlink("refused.empty");
    unlink("refused.elf");
    unlink("refused.script");
    unlink("refused.blank");
    unlink("refused.loop");
}

static void by_descriptor(void)
{
    char *argv[] = {"again", "status", "44", NULL};
    int file = open(SELF, O_RDONLY | O_CLOEXEC);

    fexecve(file, argv, environ);
    say("fexecve: %s", strerror(errno));
}

/* A script's interpreter gets the rest of the line as one argument, then the script's path. */
static void script(void)
{
    char *argv[] = {"dropped", "one", "two words", NULL};
    char path[PATH_MAX], line[PATH_MAX + 40];

    ssize_t length = readlink(SELF, path, sizeof(path) - 1);
    path[length] = '\0';
    int size = snprintf(line, sizeof(line), "#! %s  arguments and more \nrest\n", path);
    put("a.script", line, (size_t)size, 0700);
    execv("./a.script", argv);
    say("script: %s", strerror(errno));
}

static void written(void)
{
    char *argv[] = {"busy", NULL};
    int file = open("busy", O_WRONLY | O_CREAT, 0700);

    SHOW(execv("./busy", argv)); /* exec of a file open for writing */
    close(file);
    unlink("busy");
}

/* ---- */

static int part(int count, char **argv)
{
    if (!strcmp(argv[1], "arguments and more")) {
        SHOW(argv[0][0] == '/'); /* a script's interpreter has its own path */
        say("then \"%s\" \"%s\" \"%s\" \"%s\"", argv[1], argv[2], argv[3], argv[4]);
        unlink("a.script");
    } else if (!strcmp(argv[1], "arguments"))
        show_arguments(count, argv);
    else if (!strcmp(argv[1], "length"))
        SHOW(strlen(argv[2])); /* length of an argument */
    else if (!strcmp(argv[1], "count"))
        SHOW(count); /* of arguments */
    else if (!strcmp(argv[1], "signals"))
        show_signals();
    else if (!strcmp(argv[1], "descriptors"))
        show_descriptors();
    else if (!strcmp(argv[1], "rest"))
        show_rest(argv[2]);
    else if (!strcmp(argv[1], "status"))
        return atoi(argv[2]);
    else if (!strcmp(argv[1], "wait")) {
        if (write(atoi(argv[2]), "", 1) == 1)
            pause();
    }
    return 0;
}

int main(int count, char **argv)
{
    if (count > 1)
        return part(count, argv);
    in_child("arguments", arguments);
    in_child("no environment", no_environment);
    in_child("a long argument", long_argument);
    in_child("many arguments", many_arguments);
    in_child("signals", signals);
    in_child("descriptors", descriptors);
    in_child("the rest", rest);
    children_that_wait();
    group_after_exec();
    refused();
    in_child("by descriptor", by_descriptor);
    in_child("a script", script);
    written();
    return 0;
}
