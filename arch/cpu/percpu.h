// SPDX-License-Identifier: MIT
/*
 * What each CPU has of its own, reached by GS while the kernel runs.
 *
 * In ring 3 GS is the program's; SWAPGS exchanges the two bases on every entry and exit.
 * The offsets of the first fields are known to arch/entry/entry.asm.
 *
 * A CPU is a number from 0, the boot CPU, to cpu_count - 1. Its APIC id is another matter: ids
 * may have gaps and go beyond 255.
 */
#ifndef ARCH_CPU_PERCPU_H
#define ARCH_CPU_PERCPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/cpu/cpu_set.h"
#include "arch/cpu/descriptors.h"

struct task;
struct tlb_batch;

/* Counts of what is expensive on real hardware and nearly free under emulation. */
struct tlb_events {
    uint64_t invlpg;
    uint64_t cr3_loads;
    uint64_t shootdowns; /* flushes that interrupted other CPUs */
    uint64_t targets;    /* CPUs asked, summed over them */
};

/* What arch/mmu/tlb.c keeps. */
struct tlb_cpu {
    struct cpu_set *space; /* of the address space that is loaded; NULL: the kernel's tables */
    struct tlb_events events;

    /* What this CPU asks of others, one request at a time, and how many have not answered yet. */
    const struct cpu_set *asked_space;
    const struct tlb_batch *asked_batch;
    uint32_t unanswered __attribute__((aligned(64)));

    struct cpu_set incoming; /* CPUs that ask something of this one */
};

struct percpu {
    struct percpu *self;    /* 0: so that one load gives the pointer */
    uintptr_t kernel_stack; /* 8: top of the running task's kernel stack */
    uintptr_t user_rsp;     /* 16: scratch of the SYSCALL entry */
    struct task *current;   /* 24 */
    unsigned int number;    /* 0, 1, 2 ... */
    uint32_t pkru;          /* as the last switch loaded it, for debuggers that see no PKRU */
    uint64_t system_calls;  /* 40: how many were made */
    uint32_t apic_id;
    uint32_t pkru_found; /* PKRU before its set-up: what INIT left, in all but the boot CPU */
    int64_t tsc_offset;  /* added to its TSC, gives the boot CPU's */
    struct cpu_tables tables;
    struct tlb_cpu tlb;
    uint64_t key_map_retries; /* exchanges in mm/space/keys.c that lost to another CPU */
};

_Static_assert(offsetof(struct percpu, kernel_stack) == 8, "PERCPU_KERNEL_STACK in entry.asm");
_Static_assert(offsetof(struct percpu, user_rsp) == 16, "PERCPU_USER_RSP in entry.asm");
_Static_assert(offsetof(struct percpu, current) == 24, "current()");
_Static_assert(offsetof(struct percpu, number) == 32, "this_cpu_number()");
_Static_assert(offsetof(struct percpu, system_calls) == 40, "PERCPU_SYSTEM_CALLS in entry.asm");

/* CPUs that are up, at least 1. It grows while the machine starts, and never shrinks. */
extern unsigned int cpu_count;

/* By number; NULL from cpu_count on. */
extern struct percpu *percpu_table[CPU_MAX];

static inline struct percpu *percpu_of(unsigned int cpu)
{
    return percpu_table[cpu];
}

static inline struct percpu *this_cpu(void)
{
    struct percpu *cpu;
    __asm__ volatile("movq %%gs:0, %0" : "=r"(cpu));
    return cpu;
}

/* This CPU's number; valid as long as the task does not wait. */
static inline unsigned int this_cpu_number(void)
{
    unsigned int number;
    __asm__ volatile("movl %%gs:32, %0" : "=r"(number));
    return number;
}

/* Gives a CPU whose area is filled in the next number, and so makes it visible to all others. */
void percpu_add(struct percpu *cpu);

/* Where entries from ring 3 find their stack from now on: TSS.RSP0 and the SYSCALL entry's copy. */
void cpu_set_kernel_stack(uintptr_t top);

#endif
