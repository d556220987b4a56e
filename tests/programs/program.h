// SPDX-License-Identifier: MIT
/*
 * What the programs of this folder share: to say, a line at a time, what they see.
 *
 * A program's output is compared with that of the same program on Linux, so it holds nothing that
 * differs from run to run: no pids, addresses or times, but what was found out about them. A line
 * names what was tried and ends with what came of it.
 */
#ifndef TESTS_PROGRAMS_PROGRAM_H
#define TESTS_PROGRAMS_PROGRAM_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* A call that answers with a number which is the same in each run, or with -1 and errno. */
static inline void say_value(const char *what, long value)
{
    if (value == -1)
        say("%s: -1, %s", what, strerror(errno));
    else
        say("%s: %ld", what, value);
}

/* A call that answers with a pid, an address or the like. */
static inline void say_works(const char *what, bool works)
{
    if (works)
        say("%s: works", what);
    else
        say("%s: %s", what, strerror(errno));
}

#define VALUE(what, call) (errno = 0, say_value(what, (long)(call)))
#define WORKS(what, call) (errno = 0, say_works(what, (long)(call) != -1))
#define TRUTH(what, fact) say("%s: %s", what, (fact) ? "yes" : "no")

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

#endif
