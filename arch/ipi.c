// SPDX-License-Identifier: MIT
#include "arch/ipi.h"

#include "arch/apic.h"
#include "arch/cpu.h"
#include "arch/percpu.h"

void ipi_send(unsigned int cpu, enum vector vector)
{
    apic_send_interrupt(percpu_of(cpu)->apic_id, vector);
}

unsigned int ipi_send_set(const struct cpu_set *set, enum vector vector)
{
    unsigned int sent = 0;
    unsigned int cpu;

    for_each_cpu(cpu, set)
    {
        if (cpu == this_cpu()->number)
            continue;
        ipi_send(cpu, vector);
        sent++;
    }
    return sent;
}

void ipi_send_nmi_to_others(void)
{
    uint32_t own = cpu_apic_id();

    for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
        if (percpu_of(cpu)->apic_id != own)
            apic_send_nmi(percpu_of(cpu)->apic_id);
}
