// SPDX-License-Identifier: MIT
#include "arch/cpu/percpu.h"

#include "arch/cpu/bug.h"

unsigned int cpu_count;
struct percpu *percpu_table[CPU_MAX];

void percpu_add(struct percpu *cpu)
{
    assert(cpu_count < CPU_MAX);
    cpu->number = cpu_count;
    descriptors_set_number(cpu);
    percpu_table[cpu_count] = cpu;
    /* Whoever sees the new count sees the area. */
    __atomic_store_n(&cpu_count, cpu_count + 1, __ATOMIC_RELEASE);
}

void cpu_set_kernel_stack(uintptr_t top)
{
    struct percpu *cpu = this_cpu();

    cpu->kernel_stack = top;
    cpu->tables.tss.rsp[0] = top;
}
