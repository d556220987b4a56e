// SPDX-License-Identifier: MIT
/* Clocks: reading them, and sleeping by them. */
#include "kernel/time/time.h"

#include <asm/errno.h>
#include <linux/time.h>
#include <linux/time_types.h>

#include "arch/device/clock.h"
#include "arch/mmu/usercopy.h"
#include "kernel/call/syscall.h"
#include "kernel/task/task.h"

static uint64_t offset_set; /* 0: not set, the board's clock holds */

uint64_t time_realtime_offset(void)
{
    uint64_t set = __atomic_load_n(&offset_set, __ATOMIC_RELAXED);

    return set ? set : clock_boot_seconds * NS_PER_SECOND;
}

void time_set_realtime_offset(uint64_t ns)
{
    __atomic_store_n(&offset_set, ns, __ATOMIC_RELAXED);
    TELL(clock_is_set, clock_monotonic_ns());
}

uint64_t time_realtime_ns(void)
{
    return time_realtime_offset() + clock_monotonic_ns();
}

uint64_t time_realtime_to_monotonic(uint64_t realtime)
{
    uint64_t boot = time_realtime_offset();

    return realtime > boot ? realtime - boot : 0;
}

/* A clock of a room above. Not inlined: reading the others would pay for its stack frame. */
static __attribute__((noinline)) int read_other_clock(int clock, uint64_t *ns)
{
    int answer = ASK(clock_is_read, clock, ns);

    return answer < 0 ? answer : answer ? 0 : -EINVAL;
}

int time_read_clock(int clock, uint64_t *ns)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_TAI: /* the number of leap seconds is unknown, so TAI = UTC */
        *ns = time_realtime_ns();
        return 0;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
        *ns = clock_monotonic_ns();
        return 0;
    default:
        return read_other_clock(clock, ns);
    }
}

int time_to_user(uintptr_t address, uint64_t ns)
{
    struct __kernel_timespec time = {(long long)(ns / NS_PER_SECOND),
                                     (long long)(ns % NS_PER_SECOND)};

    return copy_to_user(address, &time, sizeof(time)) ? -EFAULT : 0;
}

int time_from_user(uintptr_t address, uint64_t *ns)
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

PARALLEL_SYSCALL2(clock_gettime, int, clock, uintptr_t, address)
{
    uint64_t ns;
    int error = time_read_clock(clock, &ns);

    return error ? error : time_to_user(address, ns);
}

/* ---- sleeping ---- */

static long resume_sleep(const struct restart *restart)
{
    return time_sleep_until(restart->deadline, restart->arguments[0]);
}

long time_sleep_until(uint64_t deadline, uintptr_t remaining)
{
    int result = wait_event_until(NULL, NULL, NULL, deadline);

    if (result == -ETIMEDOUT)
        return 0;
    current()->restart = (struct restart){resume_sleep, deadline, {remaining}};
    if (remaining) {
        uint64_t now = clock_monotonic_ns();
        if (time_to_user(remaining, deadline > now ? deadline - now : 0))
            return -EFAULT;
    }
    return -ERESTART_BLOCK;
}

PARALLEL_SYSCALL2(nanosleep, uintptr_t, duration, uintptr_t, remaining)
{
    uint64_t ns;
    int error = time_from_user(duration, &ns);

    return error ? error : time_sleep_until(clock_monotonic_ns() + ns, remaining);
}
