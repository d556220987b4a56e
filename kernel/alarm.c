// SPDX-License-Identifier: MIT
#include "kernel/alarm.h"

#include <stddef.h>

#include "kernel/poller.h"

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

void alarm_ring_all(uint64_t now)
{
    ring(UINT64_MAX, now);
}

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
