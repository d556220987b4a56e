// SPDX-License-Identifier: MIT
/*
 * What a thread and a process have of signals, and whether the running thread has one to look at:
 * as much as waiting needs. What is done with signals is kernel/signal/'s.
 */
#ifndef KERNEL_TASK_SIGNAL_STATE_H
#define KERNEL_TASK_SIGNAL_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bsd/sys/queue.h>
#include <linux/signal.h>

#define SIGNAL_COUNT 64

typedef uint64_t signal_set_t; /* bit n - 1 for signal n: as sigset_t in the kernel's ABI */

static inline signal_set_t signal_bit(int signal)
{
    return 1ul << (signal - 1);
}

/* What no mask keeps back (signal(7)). */
#define SIGNALS_NEVER_BLOCKED (signal_bit(SIGKILL) | signal_bit(SIGSTOP))

/* Handlers: shared by the threads of a process. */
struct signal_actions {
    uint32_t references;
    struct sigaction action[SIGNAL_COUNT]; /* [n - 1] for signal n */
};

struct pending_signal {
    TAILQ_ENTRY(pending_signal) link;
    siginfo_t info;
};

/* Signals that were sent and not delivered yet: to a thread, or to its process as a whole. */
struct signal_queue {
    signal_set_t set;
    TAILQ_HEAD(, pending_signal) list;
    unsigned int length;
};

/* A thread's part. */
struct signal_state {
    signal_set_t blocked;
    signal_set_t awaited; /* blocked but for sigtimedwait: they come even if they are ignored */
    struct signal_queue pending;
    siginfo_t forced; /* by the thread's own instruction; si_signo is 0 if there is none */
    stack_t stack;    /* sigaltstack(); without one its size is 0 */
    stack_t disarmed; /* what SS_AUTODISARM took last */
    signal_set_t saved_blocked; /* what sigsuspend and ppoll want back after the handler */
    bool restore_blocked;
};

/* Makes it a queue with nothing in it. */
static inline void signal_queue_init(struct signal_queue *queue)
{
    queue->set = 0;
    queue->length = 0;
    TAILQ_INIT(&queue->list);
}

#endif
