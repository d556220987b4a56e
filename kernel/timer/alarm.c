// SPDX-License-Identifier: MIT
#include "kernel/timer/alarm.h"

#include <stddef.h>

#include "kernel/task/poller.h"
#include "kernel/time/time.h"

static TAILQ_HEAD(, alarm) alarms = TAILQ_HEAD_INITIALIZER(alarms);

void alarm_set(struct alarm *alarm, uint64_t due)
{
    if (alarm->due)
        TAILQ_REMOVE(&alarms, alarm, link);
    alarm->due = due;
    if (!due)
        return;
    TAILQ_INSERT_HEAD(&alarms, alarm, link);
    poller_rearm();
}

static void ring(uint64_t latest, uint64_t now)
{
    struct alarm *alarm, *next;

    TAILQ_FOREACH_SAFE(alarm, &alarms, link, next)
    {
        if (alarm->due <= latest) {
            alarm_set(alarm, 0);
            alarm->ring(alarm, now);
        }
    }
}

/* Those that go by the clock that was set are to be set anew. */
static void ring_all(uint64_t now)
{
    ring(UINT64_MAX, now);
}

ATTACH(clock_is_set, ring_all);

void alarm_ring_due(uint64_t now)
{
    ring(now, now);
}

uint64_t alarm_next(void)
{
    struct alarm *alarm;
    uint64_t due = UINT64_MAX;

    TAILQ_FOREACH (alarm, &alarms, link)
        if (alarm->due < due)
            due = alarm->due;
    return due;
}
