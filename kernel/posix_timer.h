// SPDX-License-Identifier: MIT
/*
 * A process's timers by timer_create(2): any number, each with a clock and a signal of its own.
 *
 * While the signal of one waits to be taken the timer is at rest, as on Linux: how often it has
 * expired meanwhile is found when the signal is taken. So a short interval costs nothing while
 * nobody looks. The kernel lock guards them.
 */
#ifndef KERNEL_POSIX_TIMER_H
#define KERNEL_POSIX_TIMER_H

#include <bsd/sys/queue.h>
#include <linux/signal.h>

struct posix_timer;
struct process;

struct posix_timers {
    TAILQ_HEAD(, posix_timer) list;
    unsigned int count;
    int next_id;
};

/* For exec and the end of a process. */
void posix_timers_delete(struct process *process);

/*
 * The running task takes a signal of si_code SI_TIMER: si_overrun is filled in, and the timer that
 * sent it goes on.
 */
void posix_timer_taken(siginfo_t *info);

#endif
