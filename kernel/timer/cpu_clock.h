// SPDX-License-Identifier: MIT
/*
 * Clocks of CPU time: CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, and the negative numbers
 * that clock_getcpuclockid(3) and pthread_getcpuclockid(3) make.
 *
 *     31                            3   2      1 0
 *     complement of a pid or tid    thread?    what is measured: 0, 1 or 2
 *
 * The pid 0 is the caller's. What is measured is one and the same here, user time and all.
 */
#ifndef KERNEL_TIMER_CPU_CLOCK_H
#define KERNEL_TIMER_CPU_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct process;

/* Whether a clock, of any number, would be one of them. */
bool cpu_clock_is(int clock);

/*
 * Of one that there is: whether it goes by ticks, and whether it is the calling thread's own, by
 * which that cannot sleep.
 */
bool cpu_clock_is_coarse(int clock);
bool cpu_clock_is_own(int clock);

/* The same clock by a number that means it to everybody. */
int cpu_clock_for_all(int clock);

/* Its time in ns, as a process sees it: -EINVAL for a thread of another one, or none. */
int cpu_clock_read(const struct process *process, int clock, uint64_t *ns);

#endif
