// SPDX-License-Identifier: MIT
#include "kernel/timer/due.h"

#include <linux/time.h>
#include <linux/time_types.h>

#include "arch/device/clock.h"
#include "kernel/time/time.h"

/* Whether it is a clock that can be set, by which a moment is another when it was. */
static bool can_be_set(int clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM || clock == CLOCK_TAI;
}

struct time_due time_due_of(int clock, uint64_t value, bool absolute)
{
    if (!value)
        return (struct time_due){0};
    if (!absolute)
        return (struct time_due){clock_monotonic_ns() + value, false};
    return (struct time_due){value, can_be_set(clock)};
}

uint64_t time_now_for(const struct time_due *due)
{
    return due->is_real ? time_realtime_ns() : clock_monotonic_ns();
}

uint64_t time_alarm_for(const struct time_due *due)
{
    uint64_t moment = due->is_real ? time_realtime_to_monotonic(due->at) : due->at;

    return moment ? moment : 1; /* long ago, and not "never" */
}

uint64_t time_forward(struct time_due *due, uint64_t interval, uint64_t now)
{
    uint64_t times = 1;

    if (!due->at || due->at > now)
        return 0;
    if (interval)
        times = (now - due->at) / interval + 1;
    due->at = interval ? due->at + times * interval : 0;
    return times;
}

bool time_wakes_the_board(int clock)
{
    return clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;
}

/* Where the value lies in a struct __kernel_itimerspec, behind the interval. */
#define VALUE_OFFSET sizeof(struct __kernel_timespec)

int time_interval_from_user(uintptr_t address, uint64_t *interval, uint64_t *value)
{
    int error = time_from_user(address, interval);

    return error ? error : time_from_user(address + VALUE_OFFSET, value);
}

int time_interval_to_user(uintptr_t address, uint64_t interval, uint64_t value)
{
    int error = time_to_user(address, interval);

    return error ? error : time_to_user(address + VALUE_OFFSET, value);
}
