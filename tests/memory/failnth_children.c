// SPDX-License-Identifier: MIT
/*
 * A tracer that does nothing but give each new process and thread its number for fail-nth, before
 * it has made a call. A program that traces by itself finds its children traced already, and fails.
 */
#include <linux/ptrace.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fuzz/call.h"
#include "tests/memory/failnth.h"

#define OPTIONS (PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL)

void children_trace(struct run *run)
{
    KERNEL(ptrace, PTRACE_SEIZE, run->pid, 0, OPTIONS);
}

static bool is_birth(int event)
{
    return event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE;
}

static bool is_stop_signal(int signal)
{
    return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

static void set_number(unsigned long tid, unsigned int nth)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%lu/fail-nth", tid);
    write_number(path, nth);
}

/* A thread has stopped; by an event of its own, by its maker's, by a signal, or with its process.
 */
static void go_on(long thread, int status, unsigned int nth)
{
    int event = status >> 16;
    int signal = WSTOPSIG(status);
    unsigned long made;

    if (is_birth(event) && KERNEL(ptrace, PTRACE_GETEVENTMSG, thread, 0, &made) == 0)
        set_number(made, nth);
    if (event == PTRACE_EVENT_STOP && is_stop_signal(signal))
        KERNEL(ptrace, PTRACE_LISTEN, thread, 0, 0);
    else
        KERNEL(ptrace, PTRACE_CONT, thread, 0, event ? 0 : signal);
}

bool children_await(struct run *run, uint64_t until_ms)
{
    for (;;) {
        long found = KERNEL(wait4, -1, &run->status, WNOHANG | __WALL, NULL);

        if (found == 0 && !await_child(until_ms))
            return false;
        if (found > 0 && WIFSTOPPED(run->status))
            go_on(found, run->status, run->nth);
        else if (found == run->pid || found < 0)
            return true;
    }
}
