// SPDX-License-Identifier: MIT
/*
 * What a CPU is and how it is set up. A task may run on any CPU, so all must be alike: each is
 * compared with the boot CPU before it is used.
 *
 * The room owns that comparison and the one of the TSCs, and what the boot log tells of CPUs. It
 * leaves starting them to arch/start/ and kernel/start/start.h.
 */
#ifndef KERNEL_CPUS_FACTS_H
#define KERNEL_CPUS_FACTS_H

#include <stdbool.h>
#include <stdint.h>

/* All but the APIC id are compared. */
struct cpu_facts {
    uint32_t apic_id;
    uint32_t signature;                          /* CPUID 1 EAX */
    uint32_t features_1_ecx, features_1_edx;     /* CPUID 1 */
    uint32_t features_7_ebx, features_7_ecx;     /* CPUID 7.0 */
    uint32_t features_d_eax;                     /* CPUID 0xD.1 */
    uint32_t features_ext_ecx, features_ext_edx; /* CPUID 0x80000001 */
    uint64_t cr0, cr4, efer, xcr0, pat;
    uint64_t lstar, star, sfmask;
    uint32_t xsave_size, pkru_offset; /* CPUID 0xD; 0 where it is not used */
    uint32_t pkru;
};

/* Of this CPU, now. */
void cpu_read_facts(struct cpu_facts *facts);

/* In what a CPU differs from another. */
struct cpu_difference {
    const char *name;
    uint64_t expected, found;
};

enum cpu_facts_compared {
    CPU_FEATURES, /* but for those bits of CPUID that follow a register: of a CPU not yet set up */
    CPU_FEATURES_AND_REGISTERS,
};

/* The first difference between facts: false when they agree. */
bool cpu_facts_differ(const struct cpu_facts *expected, const struct cpu_facts *found,
                      enum cpu_facts_compared compared, struct cpu_difference *difference);

/* As found when a CPU was set up, by its number. */
const struct cpu_facts *cpu_facts_of(unsigned int cpu);

/* The slot that a CPU was started from, by its number; NULL for the boot CPU. */
struct ap_slot *cpu_slot_of(unsigned int cpu);

/* The CPU's name as it gives it, with its NUL; "" when it gives none. */
#define CPU_BRAND_SIZE 49
void cpu_read_brand(char brand[CPU_BRAND_SIZE]);

#define CPU_ROW_SIZE 100

/* The heads of the table's columns, and the row of a CPU, each without a newline. */
extern const char cpu_row_head[];
void cpu_format_row(unsigned int cpu, char row[CPU_ROW_SIZE]);

#endif
