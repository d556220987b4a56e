// SPDX-License-Identifier: MIT
#include "kernel/load.h"

#include "arch/clock.h"
#include "kernel/alarm.h"
#include "kernel/sched.h"
#include "kernel/time.h"

#define SAMPLE_NS (5 * NS_PER_SECOND)
#define ONE       (1ul << LOAD_SHIFT)

static uint64_t averages[LOAD_AVERAGES];

uint64_t load_average(unsigned int which)
{
    return averages[which];
}

uint64_t load_next(unsigned int which, uint64_t average, unsigned int running)
{
    /* What is kept of the old one: ONE times e to the power of -5/60, -5/300 and -5/900. */
    static const uint64_t kept[LOAD_AVERAGES] = {60296, 64453, 65173};

    return (average * kept[which] + running * ONE * (ONE - kept[which]) + ONE / 2) >> LOAD_SHIFT;
}

/* The poller, who rings, runs itself and does not count. */
static void sample(struct alarm *alarm, uint64_t now)
{
    unsigned int running = sched_count_running() - 1;

    for (unsigned int i = 0; i < LOAD_AVERAGES; i++)
        averages[i] = load_next(i, averages[i], running);
    alarm_set(alarm, now + SAMPLE_NS);
}

void load_start(void)
{
    static struct alarm alarm = {.ring = sample};

    alarm_set(&alarm, clock_monotonic_ns() + SAMPLE_NS);
}
