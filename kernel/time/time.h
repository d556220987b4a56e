// SPDX-License-Identifier: MIT
/*
 * Clocks and times of the ABI.
 *
 * The room owns the clocks that programs read, and sleeping by them. It leaves the hardware to
 * arch/device/clock.h, timers, alarms, clocks of CPU time and setting a clock to kernel/timer/, and
 * reading a clock without a call to kernel/vdso/.
 */
#ifndef KERNEL_TIME_TIME_H
#define KERNEL_TIME_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu/attach.h"
#include "arch/device/clock.h"

/* The unit of times() and of /proc: AT_CLKTCK in a second. */
#define CLOCK_TICKS   100
#define CLOCK_TICK_NS (NS_PER_SECOND / CLOCK_TICKS)

/* Reads a struct __kernel_timespec, clamped to 290 years: -EFAULT; -EINVAL when it is invalid. */
int time_from_user(uintptr_t address, uint64_t *ns);

/* Writes one: -EFAULT. */
int time_to_user(uintptr_t address, uint64_t ns);

/* Nanoseconds since 1970; and such a time as one of clock_monotonic_ns(). */
uint64_t time_realtime_ns(void);
uint64_t time_realtime_to_monotonic(uint64_t realtime);

/* How far CLOCK_REALTIME is ahead of CLOCK_MONOTONIC, in ns. Any CPU may read it without a lock. */
uint64_t time_realtime_offset(void);

/* Changes it, and tells clock_is_set; under the kernel lock. */
void time_set_realtime_offset(uint64_t ns);

/* CLOCK_REALTIME was set, at that moment of CLOCK_MONOTONIC. The kernel lock is held. */
EVENT(clock_is_set, void, uint64_t now);

/* Reads a clock, by CLOCK_* or by the number that clock_getcpuclockid(3) makes: -EINVAL. */
int time_read_clock(int clock, uint64_t *ns);

/*
 * A clock that time_read_clock() does not know itself is to be read: a room that knows it answers
 * 1, or -EINVAL if the clock is gone. No lock is held.
 */
EVENT(clock_is_read, int, int clock, uint64_t *ns);

/*
 * Sleeps until a time of clock_monotonic_ns(): 0; -ERESTART_BLOCK when a signal comes first, and
 * the time left is written to remaining, if that is not 0: -EFAULT.
 */
long time_sleep_until(uint64_t deadline, uintptr_t remaining);

#endif
