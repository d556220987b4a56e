// SPDX-License-Identifier: MIT
/* Load averages: how many tasks wanted a CPU of late, as proc_loadavg(5) has it. */
#ifndef KERNEL_TIMER_LOAD_H
#define KERNEL_TIMER_LOAD_H

#include <stdint.h>

#include "kernel/task/run_queue.h"

#define LOAD_AVERAGES 3  /* over about 1, 5 and 15 minutes */
#define LOAD_SHIFT    16 /* a load of one is 1 << LOAD_SHIFT: SI_LOAD_SHIFT of sysinfo(2) */

uint64_t load_average(unsigned int which);

/* What an average becomes when it is taken again and so many tasks run or could run. */
uint64_t load_next(unsigned int which, uint64_t average, unsigned int running);

/* ---- the scheduler's figures ---- */

/* How long all CPUs, or one, had nothing to do. */
uint64_t sched_idle_ns(void);
uint64_t sched_idle_ns_of(unsigned int cpu);

/* Tasks that run or could run now, idle CPUs not counted. */
unsigned int sched_count_running(void);

/* Of all CPUs. */
void sched_read_counters(struct sched_counters *counters);

#endif
