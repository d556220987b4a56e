// SPDX-License-Identifier: MIT
/*
 * Alarms: a function to be called at a moment. The poller calls it, under the kernel lock, which
 * covers the list of alarms too.
 */
#ifndef KERNEL_ALARM_H
#define KERNEL_ALARM_H

#include <stdint.h>

#include <bsd/sys/queue.h>

struct alarm {
    TAILQ_ENTRY(alarm) link;
    uint64_t due; /* in clock_monotonic_ns(); 0: it is off, and in no list */
    /* The alarm is off then; may set it anew, as it must when it was rung before its time. */
    void (*ring)(struct alarm *alarm, uint64_t now);
};

/* Sets the alarm to another moment; 0 turns it off. */
void alarm_set(struct alarm *alarm, uint64_t due);

/* Rings all: those that go by a clock which was set are to be set anew. */
void alarm_ring_all(uint64_t now);

/* Rings those that are due; and the earliest moment at which one is, or UINT64_MAX. */
void alarm_ring_due(uint64_t now);
uint64_t alarm_next(void);

#endif
