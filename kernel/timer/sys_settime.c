// SPDX-License-Identifier: MIT
/* Setting CLOCK_REALTIME. */
#include <linux/capability.h>
#include <linux/time.h>

#include "arch/device/clock.h"
#include "kernel/call/permission.h"
#include "kernel/call/syscall.h"
#include "kernel/time/time.h"

/* Linux's, so that a clock that was set stays a number of 64 bits with a sign for 30 years more. */
#define SET_SECONDS_MAX (INT64_MAX / NS_PER_SECOND - 30ul * 365 * 24 * 3600)

/* The board's clock is left alone, so the time is lost with the power. */
SYSCALL2(clock_settime, int, clock, uintptr_t, address)
{
    uint64_t now;
    uint64_t wanted;
    int error = time_from_user(address, &wanted);

    if (clock < 0 && error != -EFAULT) /* CPU time is nobody's to set */
        return time_read_clock(clock, &now) ? -EINVAL : -EPERM;
    if (clock != CLOCK_REALTIME)
        return -EINVAL;
    if (error)
        return error;
    if (wanted / NS_PER_SECOND >= SET_SECONDS_MAX)
        return -EINVAL;
    if (!task_may(CAP_SYS_TIME))
        return -EPERM;
    now = clock_monotonic_ns();
    if (wanted < now) /* Linux's rule: no boot before 1970 */
        return -EINVAL;
    time_set_realtime_offset(wanted - now);
    return 0;
}
