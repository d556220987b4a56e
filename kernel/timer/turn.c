// SPDX-License-Identifier: MIT
/* The poller's turns, in which timers and alarms expire. */
#include "arch/device/clock.h"
#include "kernel/task/poller.h"
#include "kernel/timer/alarm.h"
#include "kernel/timer/interval_timer.h"

static void lower(uint64_t *due, uint64_t other)
{
    if (other < *due)
        *due = other;
}

/* What rings may arm itself again, so all have rung before it is asked what is next. */
static void let_expire(struct poller_turn *turn)
{
    time_check_timers();
    alarm_ring_due(clock_monotonic_ns());
    lower(&turn->due, time_next_timer());
    lower(&turn->due, alarm_next());
}

ATTACH(poller_turn, let_expire);
