// SPDX-License-Identifier: MIT
/* In place of arch/cpu/cpu.h: the time goes by as the harness has it. */
#ifndef ARCH_CPU_CPU_H
#define ARCH_CPU_CPU_H

#include <stdint.h>

uint64_t machine_time(void);

static inline uint64_t rdtsc(void)
{
    return machine_time();
}

static inline void cpu_relax(void)
{
}

/* Named by headers, and called by nothing that is compiled here. */
void irq_enable(void);
void irq_disable(void);
uint64_t irq_save(void);
void irq_restore(uint64_t flags);

#endif
