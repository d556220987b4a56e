// SPDX-License-Identifier: MIT
/*
 * Time without a system call: the kernel's own formula on the TSC (arch/device/clock.c), which also
 * says when a TSC will do. Where it will not, and for the clocks of processes and threads, the
 * system call is made.
 */
#include "vdso/vdso.h"

#include <stdbool.h>

#include <asm/unistd_64.h>

#include "vdso/vvar.h"

#define NS_PER_SECOND 1000000000ul

static long system_call(long number, uint64_t a, const void *b)
{
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b)
                     : "rcx", "r11", "memory");
    return result;
}

/* The TSC no earlier than what the thread has read before, which may be another's time. */
static uint64_t rdtsc_ordered(void)
{
    uint32_t low, high;

    __asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static uint64_t monotonic_ns(void)
{
    uint64_t ticks = rdtsc_ordered() - vvar.tsc_base;

    return (uint64_t)((unsigned __int128)ticks * vvar.tsc_multiplier >> 32);
}

static uint64_t realtime_ns(void)
{
    return __atomic_load_n(&vvar.realtime_offset, __ATOMIC_RELAXED) + monotonic_ns();
}

/* The clocks that are this one; the coarse ones are not coarser. */
static bool is_monotonic(int clock)
{
    return clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_RAW ||
           clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_BOOTTIME;
}

static bool is_realtime(int clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
}

int __vdso_clock_gettime(int clock, struct __kernel_timespec *time)
{
    uint64_t ns;

    if (!vvar.tsc_is_common || !(is_monotonic(clock) || is_realtime(clock)))
        return (int)system_call(__NR_clock_gettime, (uint64_t)clock, time);
    ns = is_monotonic(clock) ? monotonic_ns() : realtime_ns();
    time->tv_sec = (long)(ns / NS_PER_SECOND);
    time->tv_nsec = (long)(ns % NS_PER_SECOND);
    return 0;
}

int __vdso_clock_getres(int clock, struct __kernel_timespec *resolution)
{
    if (!(is_monotonic(clock) || is_realtime(clock)))
        return (int)system_call(__NR_clock_getres, (uint64_t)clock, resolution);
    if (resolution)
        *resolution = (struct __kernel_timespec){.tv_nsec = 1};
    return 0;
}

int __vdso_gettimeofday(struct timeval *time, struct timezone *zone)
{
    uint64_t ns;

    if (!vvar.tsc_is_common)
        return (int)system_call(__NR_gettimeofday, (uint64_t)(uintptr_t)time, zone);
    ns = realtime_ns();
    if (time)
        *time = (struct timeval){(long)(ns / NS_PER_SECOND), (long)(ns % NS_PER_SECOND / 1000)};
    if (zone)
        *zone = (struct timezone){0, 0};
    return 0;
}

long __vdso_time(long *seconds)
{
    if (!vvar.tsc_is_common)
        return system_call(__NR_time, (uint64_t)(uintptr_t)seconds, 0);
    long now = (long)(realtime_ns() / NS_PER_SECOND);
    if (seconds)
        *seconds = now;
    return now;
}

VDSO_ALIAS(clock_gettime, __vdso_clock_gettime);
VDSO_ALIAS(clock_getres, __vdso_clock_getres);
VDSO_ALIAS(gettimeofday, __vdso_gettimeofday);
VDSO_ALIAS(time, __vdso_time);
