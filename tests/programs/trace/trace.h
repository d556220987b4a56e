// SPDX-License-Identifier: MIT
/*
 * What the programs about ptrace share.
 */
#ifndef TESTS_PROGRAMS_TRACE_TRACE_H
#define TESTS_PROGRAMS_TRACE_TRACE_H

#include "tests/programs/show.h"

#include <signal.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>

/* ptrace() as the kernel has it: the C libraries' own hands back what PEEK read. */
static inline long trace(long request, pid_t pid, uintptr_t address, uintptr_t data)
{
    return syscall(SYS_ptrace, request, pid, address, data);
}

static inline int wait_for(pid_t pid)
{
    int status = -1;

    while (waitpid(pid, &status, __WALL) == -1 && errno == EINTR)
        ;
    return status;
}

static inline void say_wait(const char *what, pid_t pid)
{
    say_status(what, wait_for(pid));
}

/* A child that traces itself, is stopped by SIGSTOP, and then runs a function. */
static inline pid_t traced_child(void (*function)(void))
{
    pid_t pid = fork();

    if (pid == 0) {
        trace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        if (function)
            function();
        _exit(0);
    }
    wait_for(pid);
    return pid;
}

static inline pid_t sleeping_child(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        for (;;)
            pause();
    }
    return pid;
}

static inline void end(pid_t pid)
{
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, __WALL) == pid)
        ;
}

#endif
