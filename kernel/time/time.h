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

/* What times() counts, and /proc: AT_CLKTCK a second. */
#define CLOCK_TICKS   100
#define CLOCK_TICK_NS (NS_PER_SECOND / CLOCK_TICKS)

/* Reads a struct __kernel_timespec: -EFAULT, or -EINVAL when it is no time. Clamped to 290 years.
 */
int time_from_user(uintptr_t address, uint64_t *ns);

/* Writes one: -EFAULT. */
int time_to_user(uintptr_t address, uint64_t ns);

/* Nanoseconds since 1970; and the moment of clock_monotonic_ns() that such a time is. */
uint64_t time_realtime_ns(void);
uint64_t time_realtime_to_monotonic(uint64_t realtime);

/* What CLOCK_REALTIME is ahead of CLOCK_MONOTONIC, in ns. Any CPU may read it, without a lock. */
uint64_t time_realtime_offset(void);

/* Makes it another, and tells of it; under the kernel lock. */
void time_set_realtime_offset(uint64_t ns);

/* CLOCK_REALTIME was set, at that moment of CLOCK_MONOTONIC. The kernel lock is held. */
EVENT(clock_is_set, void, uint64_t now);

/* Reads a clock, by CLOCK_* or by the number that clock_getcpuclockid(3) makes: -EINVAL. */
int time_read_clock(int clock, uint64_t *ns);

/*
 * A clock is asked for that is not one of time_read_clock()'s own: who knows it answers 1, or
 * -EINVAL where it is gone. No lock is held.
 */
EVENT(clock_is_read, int, int clock, uint64_t *ns);

/*
 * Sleeps until a moment of clock_monotonic_ns(): 0; -ERESTART_BLOCK when a signal comes first, and
 * what is left goes to remaining, if that is not 0: -EFAULT.
 */
long time_sleep_until(uint64_t deadline, uintptr_t remaining);

#endif
