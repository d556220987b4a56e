// SPDX-License-Identifier: MIT
/*
 * How the programs of this folder say what they see: the call as it is written, and what came of
 * it.
 *
 *     SHOW(close(99));            prints    close(99) = -1: Bad file descriptor
 *     SHOW(getsid(0) == pid);     prints    getsid(0) == pid = 1
 *     SHOW_WORKS(fork());         prints    fork(): works
 *     SHOW_PLACE(sbrk(0));        prints    sbrk(0): a place
 *     SHOW_ACCESS(reading, p);    prints    reading p: SIGSEGV, nothing is mapped
 *
 * A program's output is compared with that of the same program on Linux. So a line holds nothing
 * that differs from one run to the next: no pids, times or addresses, but what was found out about
 * them. What is no call, such as a structure, is said by say().
 */
#ifndef TESTS_PROGRAMS_SHOW_H
#define TESTS_PROGRAMS_SHOW_H

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHOW(call)                        \
    do {                                  \
        errno = 0;                        \
        show_number(#call, (long)(call)); \
    } while (0)

/* A call that returns a pid or the like, or -1. */
#define SHOW_WORKS(call)                       \
    do {                                       \
        errno = 0;                             \
        show_works(#call, (long)(call) != -1); \
    } while (0)

/* A call that returns an address, or MAP_FAILED. */
#define SHOW_PLACE(call)                   \
    do {                                   \
        errno = 0;                         \
        show_place(#call, (void *)(call)); \
    } while (0)

/* What becomes of an access: reading, writing or running, below. */
#define SHOW_ACCESS(access, place) show_access(#access " " #place, access, place)

/* How a child ends that does this. */
#define SHOW_CHILD(what)           \
    do {                           \
        pid_t show_pid = fork();   \
        if (!show_pid) {           \
            what;                  \
            _exit(0);              \
        }                          \
        show_end(#what, show_pid); \
    } while (0)

/* A null pointer, and sizes that are none, of which compilers do not know and so do not warn. */
static void *volatile nowhere;
static volatile long minus_one = -1, too_many = 1025;

/* Writes one line by one write(), so that children and signal handlers may do so too. */
static inline __attribute__((format(printf, 1, 2))) void say(const char *format, ...)
{
    char line[512];
    va_list arguments;
    int kept = errno;

    va_start(arguments, format);
    int length = vsnprintf(line, sizeof(line) - 1, format, arguments);
    va_end(arguments);
    if (length > (int)sizeof(line) - 2)
        length = (int)sizeof(line) - 2;
    line[length] = '\n';
    if (write(STDOUT_FILENO, line, (size_t)length + 1) != length + 1)
        _exit(99);
    errno = kept;
}

static inline void section(const char *title)
{
    say("-- %s", title);
}

static inline void show_number(const char *text, long value)
{
    if (value == -1 && errno)
        say("%s = -1: %s", text, strerror(errno));
    else
        say("%s = %ld", text, value);
}

static inline void show_works(const char *text, bool works)
{
    say("%s: %s", text, works ? "works" : strerror(errno));
}

static inline void show_place(const char *text, void *place)
{
    if (place == (void *)-1)
        say("%s: %s", text, strerror(errno));
    else
        say("%s: %s", text, place ? "a place" : "NULL");
}

/* ---- children ---- */

/* A status of wait() in words. */
static inline void say_status(const char *what, int status)
{
    if (WIFEXITED(status))
        say("%s: exit %d", what, WEXITSTATUS(status));
    else if (WIFSIGNALED(status))
        say("%s: killed by %d", what, WTERMSIG(status));
    else if (WIFSTOPPED(status))
        say("%s: stopped by %d, event %d", what, WSTOPSIG(status), status >> 16);
    else
        say("%s: %s", what, WIFCONTINUED(status) ? "continued" : "unknown");
}

/* Runs a function in a child, waits for it and says how it ended. */
static inline void in_child(const char *what, void (*function)(void))
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        function();
        _exit(0);
    }
    while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
        ;
    say_status(what, status);
}

static inline void show_end(const char *text, pid_t pid)
{
    int status = 0;

    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        say("%s: %s", text, strerror(errno));
    else
        say_status(text, status);
}

/* ---- accesses to memory ---- */

static inline void reading(volatile unsigned char *place)
{
    (void)*place;
}

static inline void writing(volatile unsigned char *place)
{
    *place = 0x77;
}

/* The place must hold a RET instruction, or the fault is what is asked for. */
static inline void running(volatile unsigned char *place)
{
    ((void (*)(void))(uintptr_t)place)();
}

static sigjmp_buf show_way_back;
static siginfo_t show_info;

static inline void show_caught(int signal, siginfo_t *info, void *context)
{
    (void)context;
    show_info = *info;
    siglongjmp(show_way_back, signal);
}

static inline const char *show_reason(const siginfo_t *info)
{
    if (info->si_signo == SIGBUS)
        return info->si_code == BUS_ADRERR ? "beyond the end" : "another reason";
    switch (info->si_code) {
    case SEGV_MAPERR:
        return "nothing is mapped";
    case SEGV_ACCERR:
        return "not permitted";
    default:
        return "another reason";
    }
}

static inline void show_access(const char *text, void (*access)(volatile unsigned char *),
                               volatile void *place)
{
    static const int signals[] = {SIGSEGV, SIGBUS};
    struct sigaction action = {.sa_sigaction = show_caught, .sa_flags = SA_SIGINFO};
    struct sigaction before[2];

    for (int i = 0; i < 2; i++)
        sigaction(signals[i], &action, &before[i]);
    if (!sigsetjmp(show_way_back, 1)) {
        access((volatile unsigned char *)place);
        say("%s: done", text);
    } else {
        say("%s: %s, %s%s", text, show_info.si_signo == SIGSEGV ? "SIGSEGV" : "SIGBUS",
            show_reason(&show_info),
            show_info.si_addr == (void *)place ? "" : ", at another address");
    }
    for (int i = 0; i < 2; i++)
        sigaction(signals[i], &before[i], NULL);
}

/* ---- A directory to work in ---- */

static char show_directory[64];

static inline void show_leave(void)
{
    char command[128];

    if (chdir("/"))
        return;
    snprintf(command, sizeof(command), "rm -rf %s", show_directory);
    if (system(command))
        say("cannot remove the directory");
}

/*
 * Stands in a new directory from here on: of a tmpfs, which the root of Latchkey is too. The
 * program ends by show_leave().
 */
static inline void show_enter(void)
{
    snprintf(show_directory, sizeof(show_directory), "%s/program-XXXXXX",
             access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    if (!mkdtemp(show_directory) || chdir(show_directory)) {
        perror(show_directory);
        exit(125);
    }
}

#endif
