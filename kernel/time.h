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

/* When a timer set to a value, not 0, on a clock is due: in clock_monotonic_ns(), not 0. */
uint64_t time_due(int clock, uint64_t value, bool absolute);

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
