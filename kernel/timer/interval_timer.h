// SPDX-License-Identifier: MIT
/* Interval timers of processes, by setitimer(2) and alarm(2), and the limit on their CPU time. */
#ifndef KERNEL_TIMER_INTERVAL_TIMER_H
#define KERNEL_TIMER_INTERVAL_TIMER_H

#include <stdint.h>

/* Sends the signals of timers that are due, and of RLIMIT_CPU. To be called at each tick. */
void time_check_timers(void);

/* The earliest moment at which a timer of real time is due, or UINT64_MAX. */
uint64_t time_next_timer(void);

#endif
