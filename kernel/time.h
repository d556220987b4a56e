// SPDX-License-Identifier: MIT
/* Times of the ABI, and the interval timers of processes. */
#ifndef KERNEL_TIME_H
#define KERNEL_TIME_H

#include <stdbool.h>
#include <stdint.h>

#define NS_PER_SECOND 1000000000ul

struct task;

/* Reads a struct __kernel_timespec: -EFAULT, or -EINVAL when it is no time. Clamped to 290 years.
 */
int time_from_user(uintptr_t address, uint64_t *ns);

/* Writes one: -EFAULT. */
int time_to_user(uintptr_t address, uint64_t ns);

/*
 * The same for a struct __kernel_itimerspec: how often a timer expires (0: once), and when or in
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

/* Nanoseconds since 1970; and the moment of clock_monotonic_ns() that such a time is. */
uint64_t time_realtime_ns(void);
uint64_t time_realtime_to_monotonic(uint64_t realtime);

/* A clock's time, by CLOCK_* or by the number that clock_getcpuclockid(3) makes: -EINVAL. */
int time_read_clock(int clock, uint64_t *ns);

/* An interval timer (setitimer, alarm): sends a signal when its time comes. */
struct interval_timer {
    uint64_t due;      /* on its clock, which is the task's own for two of three; 0: not armed */
    uint64_t interval; /* ns; 0: once */
};

/* Sends the signals of timers that are due, and of RLIMIT_CPU. To be called at each tick. */
void time_check_timers(void);

/* The earliest moment at which a timer of real time is due, or UINT64_MAX. */
uint64_t time_next_timer(void);

#endif
