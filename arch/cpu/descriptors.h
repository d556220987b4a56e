// SPDX-License-Identifier: MIT
/*
 * GDT and TSS, one of each for every CPU (SDM vol. 3A, 3.4.5, 7.7). The IDT, one for all CPUs,
 * belongs to the entry code (arch/entry/idt.h). Selectors are Linux's, because ring-3 programs see
 * them in signal frames and by ptrace.
 */
#ifndef ARCH_CPU_DESCRIPTORS_H
#define ARCH_CPU_DESCRIPTORS_H

#include <stdint.h>

struct percpu;

#define KERNEL_CS   0x10
#define KERNEL_SS   0x18
#define SYSRET_BASE 0x23 /* SYSRET makes SS = 0x2b and CS = 0x33 of it; no descriptor is there */
#define USER_SS     0x2b
#define USER_CS     0x33
#define TSS_SS      0x40
#define NUMBER_SS   0x7b /* the vDSO's (kernel/vdso/vdso.c): none without it */

#define GDT_ENTRIES (NUMBER_SS / 8 + 1)

/*
 * The interrupt stack table: for exceptions that come when RSP cannot be trusted: on an overflowed
 * stack (#DF), or anywhere in the entry code (NMI, #MC, and a #DB that MOV SS delayed past
 * SYSCALL).
 */
enum ist {
    IST_NONE,
    IST_DF,
    IST_NMI,
    IST_MC,
    IST_DB,
    IST_COUNT
};

struct tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7]; /* IST1 first */
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t io_map;
} __attribute__((packed));

_Static_assert(sizeof(struct tss) == 104, "SDM vol. 3A, figure 8-11");

/* What LGDT and LIDT take. */
struct table_pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

struct cpu_tables {
    uint64_t gdt[GDT_ENTRIES];
    struct tss tss __attribute__((aligned(128))); /* in one page: SDM vol. 3A, 7.2.1 */
};

/* Loads the boot CPU's tables and GS base, and makes it number 0; its area and stacks are static.
 */
void descriptors_init(void);

/*
 * Fills in the tables of another CPU. stacks: the tops of its interrupt stacks, by enum ist,
 * multiples of 16.
 */
void descriptors_prepare(struct percpu *cpu, const uintptr_t stacks[IST_COUNT]);

/* Loads a CPU's tables and its GS base; called on that CPU. */
void descriptors_load(struct percpu *cpu);

#endif
