// SPDX-License-Identifier: MIT
#include "kernel/timer/load.h"

#include "arch/cpu/cpu.h"
#include "arch/device/clock.h"
#include "kernel/start/events.h"
#include "kernel/task/sched.h"
#include "kernel/timer/alarm.h"
#include "kernel/usage/usage.h"

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

static void start_sampling(void)
{
    static struct alarm alarm = {.ring = sample};

    alarm_set(&alarm, clock_monotonic_ns() + SAMPLE_NS);
}

ATTACH(boot_programs, start_sampling);

/* ---- the scheduler's figures ---- */

uint64_t sched_idle_ns_of(unsigned int cpu)
{
    return task_cpu_ns(run_queues[cpu].idle);
}

uint64_t sched_idle_ns(void)
{
    uint64_t ns = 0;

    for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
        ns += sched_idle_ns_of(cpu);
    return ns;
}

unsigned int sched_count_running(void)
{
    unsigned int count = 0;

    for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
        const struct run_queue *queue = &run_queues[cpu];
        count += __atomic_load_n(&queue->length, __ATOMIC_RELAXED) +
                 (__atomic_load_n(&queue->running, __ATOMIC_RELAXED) != queue->idle);
    }
    return count;
}

void sched_read_counters(struct sched_counters *counters)
{
    *counters = (struct sched_counters){0};
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
        counters->switches += run_queues[cpu].counters.switches;
        counters->ticks += run_queues[cpu].counters.ticks;
        counters->migrations += run_queues[cpu].counters.migrations;
    }
}
