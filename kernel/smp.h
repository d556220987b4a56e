// SPDX-License-Identifier: MIT
/*
 * The machine's CPUs: which the firmware lists, starting them, and the table of what each is.
 */
#ifndef KERNEL_SMP_H
#define KERNEL_SMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/cpu_set.h"

struct boot_info;

/*
 * Starts the other CPUs that the MADT lists, at most maxcpus= of them all, and lets each into the
 * scheduler that is like the boot CPU. The boot log gets a row for each, and a line for each that
 * cannot be used, with its APIC id: the machine goes on without it.
 *
 * before: what each calls on its way to the scheduler, with interrupts off; or NULL.
 */
void smp_start(const struct boot_info *info, void (*before)(void));

/* Returns when all CPUs have come to the scheduler, or after a time limit. */
void smp_wait_until_running(void);

/*
 * Resets a CPU by INIT, which must be in the function that smp_start() was given, and starts it
 * again: whether it has come back to that. Not for the boot CPU.
 */
bool smp_restart_cpu(unsigned int cpu);

/* The CPUs that cannot be used, and why. */
struct smp_failure {
    uint32_t apic_id;
    char reason[100];
};

extern struct smp_failure smp_failures[CPU_MAX];
extern unsigned int smp_failure_count;

#define SMP_ROW_SIZE 100

/* The heads of the table's columns, and the row of a CPU, each without a newline. */
extern const char smp_row_head[];
void smp_format_row(unsigned int cpu, char row[SMP_ROW_SIZE]);

#endif
