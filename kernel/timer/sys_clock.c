// SPDX-License-Identifier: MIT
/* What few programs ask of clocks; and sleeping by any of them, CLOCK_REALTIME's settings too. */
#include <asm/errno.h>
#include <linux/time.h>

#include "arch/device/clock.h"
#include "arch/mmu/usercopy.h"
#include "kernel/call/syscall.h"
#include "kernel/task/sched.h"
#include "kernel/task/task.h"
#include "kernel/time/time.h"
#include "kernel/timer/cpu_clock.h"
#include "kernel/timer/due.h"

PARALLEL_SYSCALL2(clock_getres, int, clock, uintptr_t, address)
{
    uint64_t ns;
    int error = time_read_clock(clock, &ns);

    if (error || !address)
        return error;
    return time_to_user(address, cpu_clock_is_coarse(clock) ? TICK_NS : 1);
}

PARALLEL_SYSCALL2(gettimeofday, uintptr_t, address, uintptr_t, zone)
{
    uint64_t ns = time_realtime_ns();
    struct timeval time = {(long)(ns / NS_PER_SECOND), (long)(ns % NS_PER_SECOND / 1000)};
    struct timezone utc = {0, 0};

    if (address && copy_to_user(address, &time, sizeof(time)))
        return -EFAULT;
    return zone && copy_to_user(zone, &utc, sizeof(utc)) ? -EFAULT : 0;
}

PARALLEL_SYSCALL1(time, uintptr_t, address)
{
    long seconds = (long)(time_realtime_ns() / NS_PER_SECOND);

    if (address && copy_to_user(address, &seconds, sizeof(seconds)))
        return -EFAULT;
    return seconds;
}

/* ---- sleeping ---- */

/* How often the clock was set, and who sleeps by it. */
static unsigned int times_set;
static struct wait_queue sleepers_by_clock = WAIT_QUEUE_INIT(sleepers_by_clock);

static bool was_set(void *seen)
{
    return __atomic_load_n(&times_set, __ATOMIC_ACQUIRE) != *(unsigned int *)seen;
}

static void wake_sleepers_by_clock(uint64_t now)
{
    (void)now;
    __atomic_add_fetch(&times_set, 1, __ATOMIC_RELEASE);
    wake_all(&sleepers_by_clock);
}

ATTACH(clock_is_set, wake_sleepers_by_clock);

/* -ETIMEDOUT when the time of CLOCK_REALTIME has come, -ERESTARTSYS. */
static int sleep_until_real(uint64_t ns)
{
    const struct time_due due = {ns, true};
    unsigned int seen;
    int result;

    do {
        seen = __atomic_load_n(&times_set, __ATOMIC_ACQUIRE);
        result = wait_event_until(&sleepers_by_clock, was_set, &seen, time_alarm_for(&due));
    } while (result == 0);
    return result;
}

/* Made again it goes by the clock as that is then. */
static long sleep_to_moment(uint64_t deadline)
{
    long result = time_sleep_until(deadline, 0);

    current()->restart.resume = NULL;
    return result == -ERESTART_BLOCK ? -ERESTARTNOHAND : result;
}

static bool may_sleep_by(int clock)
{
    return clock != CLOCK_THREAD_CPUTIME_ID && clock != CLOCK_MONOTONIC_RAW &&
           clock != CLOCK_REALTIME_COARSE && clock != CLOCK_MONOTONIC_COARSE;
}

PARALLEL_SYSCALL4(clock_nanosleep, int, clock, int, flags, uintptr_t, duration, uintptr_t,
                  remaining)
{
    uint64_t ns, now = 0;
    bool wakes_the_board = clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;

    if (!may_sleep_by(clock))
        return -EOPNOTSUPP;
    int error = wakes_the_board ? 0 : time_read_clock(clock, &now);
    if (!error)
        error = time_from_user(duration, &ns);
    if (!error && wakes_the_board)
        error = -EOPNOTSUPP;
    if (!error && cpu_clock_is_own(clock))
        error = -EINVAL;
    if (error)
        return error;
    if ((flags & TIMER_ABSTIME) && (clock == CLOCK_REALTIME || clock == CLOCK_TAI))
        return sleep_until_real(ns) == -ETIMEDOUT ? 0 : -ERESTARTNOHAND;
    if (flags & TIMER_ABSTIME)
        return sleep_to_moment(clock_monotonic_ns() + (ns > now ? ns - now : 0));
    return time_sleep_until(clock_monotonic_ns() + ns, remaining);
}
