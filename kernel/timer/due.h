// SPDX-License-Identifier: MIT
/* When timers are due, by a clock that can be set or by one that cannot. */
#ifndef KERNEL_TIMER_DUE_H
#define KERNEL_TIMER_DUE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads and writes a struct __kernel_itimerspec, as time_from_user() and time_to_user() do a
 * timespec: how often a timer expires (0: once), and when or in
 * how long for the first time (0: it is off).
 */
int time_interval_from_user(uintptr_t address, uint64_t *interval, uint64_t *value);
int time_interval_to_user(uintptr_t address, uint64_t interval, uint64_t value);

/*
 * When a timer is due, and by which time: a moment of a clock that can be set stays that moment
 * when it is set.
 */
struct time_due {
    uint64_t at;  /* ns; 0: it is off */
    bool is_real; /* by time_realtime_ns(), else by clock_monotonic_ns() */
};

/* When a timer is due that is set to a value on a clock; 0 turns it off. */
struct time_due time_due_of(int clock, uint64_t value, bool absolute);

/* The time by which it is due, now; and the moment of clock_monotonic_ns() as things are, not 0. */
uint64_t time_now_for(const struct time_due *due);
uint64_t time_alarm_for(const struct time_due *due);

/*
 * Moves what is due by now on by intervals, in ns, to the first moment behind now, or turns it off
 * when the interval is 0. Returns how many moments have passed.
 */
uint64_t time_forward(struct time_due *due, uint64_t interval, uint64_t now);

/* Whether it is a clock that would wake a board that sleeps: CLOCK_*_ALARM. */
bool time_wakes_the_board(int clock);

#endif
