// SPDX-License-Identifier: MIT
/*
 * Alarms: a function to be called at a moment. The poller calls it, under the kernel lock, which
 * covers the list of alarms too.
 *
 * The room owns alarms, the timers of processes, clocks of CPU time and the load. It leaves the
 * clocks themselves to kernel/time/, the signal that a timer sends to kernel/signal/, and timers
 * that are files to fs/event/.
 */
#ifndef KERNEL_TIMER_ALARM_H
#define KERNEL_TIMER_ALARM_H

#include <stdint.h>

#include <bsd/sys/queue.h>

struct alarm {
    TAILQ_ENTRY(alarm) link;
    uint64_t due; /* in clock_monotonic_ns(); 0: it is off, and in no list */
    /* The alarm is off then; may set it anew, as it must when it was rung before its time: when a
     * clock is set, all are. */
    void (*ring)(struct alarm *alarm, uint64_t now);
};

/* Sets the alarm to another moment; 0 turns it off. */
void alarm_set(struct alarm *alarm, uint64_t due);

/* Rings those that are due; and the earliest moment at which one is, or UINT64_MAX. */
void alarm_ring_due(uint64_t now);
uint64_t alarm_next(void);

#endif
