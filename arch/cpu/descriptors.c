// SPDX-License-Identifier: MIT
/*
 * What belongs to each CPU: its area, its GDT and its TSS.
 *
 * The top of each interrupt stack holds its CPU's percpu pointer, from which the entry code sets GS
 * without trusting the GS base of what was interrupted.
 */
#include "arch/cpu/descriptors.h"

#include <stdint.h>

#include "arch/cpu/bug.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/percpu.h"
#include "libc/include/string.h"

#define TSS_BUSY (1ul << 41) /* of the descriptor's type */
#ifdef LATCHKEY_KASAN
#define IST_STACK_SIZE 16384
#else
#define IST_STACK_SIZE 8192
#endif

/* Indexes are selectors / 8. No 32-bit code segment: ring 3 cannot leave 64-bit mode. */
static const uint64_t gdt_template[GDT_ENTRIES] = {
    [KERNEL_CS / 8] = 0x00af9b000000ffff,
    [KERNEL_SS / 8] = 0x00cf93000000ffff,
    [USER_SS / 8] = 0x00cff3000000ffff,
    [USER_CS / 8] = 0x00affb000000ffff,
};

unsigned int cpu_count;
struct percpu *percpu_table[CPU_MAX];

static struct percpu percpu_boot;
static char ist_stacks[IST_COUNT][IST_STACK_SIZE] __attribute__((aligned(16)));

/* 16 bytes in 64-bit mode; 0x89: present, an available TSS (SDM vol. 3A, 7.2.3). */
static void set_tss_descriptor(struct cpu_tables *tables)
{
    uintptr_t base = (uintptr_t)&tables->tss;

    tables->gdt[TSS_SS / 8] = (sizeof(tables->tss) - 1) | (base & 0xffffff) << 16 | 0x89ul << 40 |
                              (base >> 24 & 0xff) << 56;
    tables->gdt[TSS_SS / 8 + 1] = base >> 32;
}

void descriptors_prepare(struct percpu *cpu, const uintptr_t stacks[IST_COUNT])
{
    struct cpu_tables *tables = &cpu->tables;

    memcpy(tables->gdt, gdt_template, sizeof(gdt_template));
    for (unsigned int ist = IST_NONE + 1; ist < IST_COUNT; ist++) {
        uintptr_t top = stacks[ist] - 16;
        *(struct percpu **)top = cpu;
        tables->tss.ist[ist - 1] = top;
    }
    tables->tss.io_map = sizeof(tables->tss);
    set_tss_descriptor(tables);
    cpu->self = cpu;
}

void descriptors_load(struct percpu *cpu)
{
    struct table_pointer gdt_pointer = {sizeof(cpu->tables.gdt) - 1, (uintptr_t)cpu->tables.gdt};

    /*
     * LLDT: after reset the local table is 64 KiB at address 0 (SDM vol. 3A, table 9-1), where a
     * program could write descriptors of its own. So there must be none.
     *
     * LTR faults on a busy TSS, and a CPU that is started again has left its TSS busy.
     */
    cpu->tables.gdt[TSS_SS / 8] &= ~TSS_BUSY;
    __asm__ volatile("lgdt %0\n"
                     "pushq %1\n"
                     "leaq 1f(%%rip), %%rax\n"
                     "pushq %%rax\n"
                     "lretq\n"
                     "1: movl %2, %%eax\n"
                     "movl %%eax, %%ss\n"
                     "xorl %%eax, %%eax\n"
                     "movl %%eax, %%ds\n"
                     "movl %%eax, %%es\n"
                     "movl %%eax, %%fs\n"
                     "movl %%eax, %%gs\n"
                     "lldt %%ax\n"
                     "ltr %w3\n"
                     :
                     : "m"(gdt_pointer), "i"(KERNEL_CS), "i"(KERNEL_SS), "r"(TSS_SS)
                     : "rax", "memory");
    wrmsr(MSR_GS_BASE, (uintptr_t)cpu);
    wrmsr(MSR_KERNEL_GS_BASE, 0);
}

void percpu_add(struct percpu *cpu)
{
    assert(cpu_count < CPU_MAX);
    cpu->number = cpu_count;
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

void descriptors_init(void)
{
    uintptr_t stacks[IST_COUNT];

    for (unsigned int ist = 0; ist < IST_COUNT; ist++)
        stacks[ist] = (uintptr_t)ist_stacks[ist] + IST_STACK_SIZE;
    descriptors_prepare(&percpu_boot, stacks);
    descriptors_load(&percpu_boot);
    percpu_boot.apic_id = cpu_apic_id();
    percpu_add(&percpu_boot);
}
