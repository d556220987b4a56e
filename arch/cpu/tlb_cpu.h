// SPDX-License-Identifier: MIT
/* What arch/mmu/tlb.c keeps for each CPU, in its struct percpu. */
#ifndef ARCH_CPU_TLB_CPU_H
#define ARCH_CPU_TLB_CPU_H

#include <stdint.h>

#include "arch/cpu/cpu_set.h"

struct tlb_batch;

/* Counts of what costs on silicon and nearly nothing under emulation. */
struct tlb_events {
    uint64_t invlpg;
    uint64_t cr3_loads;
    uint64_t shootdowns; /* operations that other CPUs had to hear of */
    uint64_t targets;    /* CPUs asked, summed over them */
};

struct tlb_cpu {
    struct cpu_set *space; /* of the address space that is loaded; NULL: the kernel's tables */
    struct tlb_events events;

    /* What this CPU asks of others, one thing at a time; and how many have not yet answered. */
    const struct cpu_set *asked_space;
    const struct tlb_batch *asked_batch;
    uint32_t unanswered __attribute__((aligned(64)));

    struct cpu_set incoming; /* CPUs that ask something of this one */
};

#endif
