// SPDX-License-Identifier: MIT
/* System calls on time. */
#include <linux/time.h>
#include <linux/time_types.h>

#include "arch/clock.h"
#include "arch/usercopy.h"
#include "kernel/sched.h"
#include "kernel/syscall.h"
#include "kernel/task.h"

#define NS_PER_SECOND 1000000000ul

static uint64_t realtime_ns(void)
{
    return clock_boot_seconds() * NS_PER_SECOND + clock_monotonic_ns();
}

static int read_clock(int clock, uint64_t *ns)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
        *ns = realtime_ns();
        return 0;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
        *ns = clock_monotonic_ns();
        return 0;
    case CLOCK_PROCESS_CPUTIME_ID:
    case CLOCK_THREAD_CPUTIME_ID:
        *ns = clock_monotonic_ns() - current()->started_ns;
        return 0;
    default:
        return -EINVAL;
    }
}

static int put_time(uintptr_t address, uint64_t ns)
{
    struct __kernel_timespec time = {(long long)(ns / NS_PER_SECOND),
                                     (long long)(ns % NS_PER_SECOND)};

    return copy_to_user(address, &time, sizeof(time)) ? -EFAULT : 0;
}

SYSCALL2(clock_gettime, int, clock, uintptr_t, address)
{
    uint64_t ns;
    int error = read_clock(clock, &ns);

    return error ? error : put_time(address, ns);
}

SYSCALL2(clock_getres, int, clock, uintptr_t, address)
{
    uint64_t ns;
    int error = read_clock(clock, &ns);

    return error || !address ? error : put_time(address, 1);
}

SYSCALL2(gettimeofday, uintptr_t, address, uintptr_t, zone)
{
    uint64_t ns = realtime_ns();
    struct timeval time = {(long)(ns / NS_PER_SECOND), (long)(ns % NS_PER_SECOND / 1000)};
    struct timezone utc = {0, 0};

    if (address && copy_to_user(address, &time, sizeof(time)))
        return -EFAULT;
    return zone && copy_to_user(zone, &utc, sizeof(utc)) ? -EFAULT : 0;
}

SYSCALL1(time, uintptr_t, address)
{
    long seconds = (long)(realtime_ns() / NS_PER_SECOND);

    if (address && copy_to_user(address, &seconds, sizeof(seconds)))
        return -EFAULT;
    return seconds;
}

/* Sleeps until a moment of clock_monotonic_ns(). */
static long sleep_until(uint64_t deadline, uintptr_t remaining)
{
    int result = wait_event_until(NULL, NULL, NULL, deadline);

    if (result == -ETIMEDOUT)
        return 0;
    current()->sleep_until = deadline;
    current()->sleep_remaining = remaining;
    if (remaining) {
        uint64_t now = clock_monotonic_ns();
        if (put_time(remaining, deadline > now ? deadline - now : 0))
            return -EFAULT;
    }
    return -ERESTART_BLOCK;
}

SYSCALL0(restart_syscall)
{
    return sleep_until(current()->sleep_until, current()->sleep_remaining);
}

static int get_time(uintptr_t address, uint64_t *ns)
{
    struct __kernel_timespec time;

    if (copy_from_user(&time, address, sizeof(time)))
        return -EFAULT;
    if (time.tv_sec < 0 || time.tv_nsec < 0 || (uint64_t)time.tv_nsec >= NS_PER_SECOND)
        return -EINVAL;
    uint64_t limit = UINT64_MAX / 2 / NS_PER_SECOND; /* some 290 years */
    uint64_t seconds = (uint64_t)time.tv_sec < limit ? (uint64_t)time.tv_sec : limit;
    *ns = seconds * NS_PER_SECOND + (uint64_t)time.tv_nsec;
    return 0;
}

SYSCALL2(nanosleep, uintptr_t, duration, uintptr_t, remaining)
{
    uint64_t ns;
    int error = get_time(duration, &ns);

    return error ? error : sleep_until(clock_monotonic_ns() + ns, remaining);
}

SYSCALL4(clock_nanosleep, int, clock, int, flags, uintptr_t, duration, uintptr_t, remaining)
{
    uint64_t ns, now;
    int error = read_clock(clock, &now);

    if (error || clock == CLOCK_THREAD_CPUTIME_ID)
        return -EINVAL;
    error = get_time(duration, &ns);
    if (error)
        return error;
    if (flags & TIMER_ABSTIME)
        return sleep_until(clock_monotonic_ns() + (ns > now ? ns - now : 0), 0);
    return sleep_until(clock_monotonic_ns() + ns, remaining);
}
