// SPDX-License-Identifier: MIT
/*
 * The descriptor tables.
 *
 * The top of each interrupt stack holds its CPU's percpu pointer, by which the entry code finds GS
 * without having to believe the one that was interrupted.
 */
#include "arch/descriptors.h"

#include <stdint.h>

#include "arch/bug.h"
#include "arch/cpu.h"
#include "arch/percpu.h"
#include "arch/trap.h"
#include "arch/types.h"
#include "libc/include/string.h"

#define TSS_BUSY       (1ul << 41)    /* of the descriptor's type */
#define USER_READ_ONLY (0xf1ul << 40) /* data, accessed, DPL 3; its limit counts bytes */
#ifdef LATCHKEY_KASAN
#define IST_STACK_SIZE 16384
#else
#define IST_STACK_SIZE 8192
#endif
#define VECTOR_COUNT 256

struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t ist;
    uint8_t type; /* P, DPL, type */
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};

_Static_assert(sizeof(struct gate) == 16, "SDM vol. 3A, figure 6-8");

struct table_pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

#define GATE_INTERRUPT 0x8e /* present, DPL 0, 64-bit interrupt gate */
#define GATE_USER      0x60 /* DPL 3: INT n may come here from ring 3 */

/* Indexes are selectors / 8. No 32-bit code segment: ring 3 cannot leave 64-bit mode. */
static const uint64_t gdt_template[GDT_ENTRIES] = {
    [KERNEL_CS / 8] = 0x00af9b000000ffff,
    [KERNEL_SS / 8] = 0x00cf93000000ffff,
    [USER_SS / 8] = 0x00cff3000000ffff,
    [USER_CS / 8] = 0x00affb000000ffff,
};

static struct gate idt[VECTOR_COUNT] __attribute__((aligned(4096)));
static struct percpu percpu_boot;
static char ist_stacks[IST_COUNT][IST_STACK_SIZE] __attribute__((aligned(16)));

/* arch/entry.asm: the entry of each vector, 16 bytes apart. */
extern const char vector_entries[];
#define VECTOR_ENTRY_SIZE 16

trap_hook_t trap_hook;

extern const struct bug_entry bugs_start[], bugs_end[];

const struct bug_entry *bug_find(uintptr_t address)
{
    for (const struct bug_entry *entry = bugs_start; entry < bugs_end; entry++)
        if (entry->address == address)
            return entry;
    return NULL;
}

static void set_gate(unsigned int vector, enum ist ist, uint8_t type)
{
    uintptr_t entry = (uintptr_t)vector_entries + vector * VECTOR_ENTRY_SIZE;

    idt[vector] = (struct gate){
        .offset_low = (uint16_t)entry,
        .selector = KERNEL_CS,
        .ist = ist,
        .type = type,
        .offset_middle = (uint16_t)(entry >> 16),
        .offset_high = (uint32_t)(entry >> 32),
    };
}

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

/* The limit's low 16 bits are the descriptor's, which is enough for CPU_MAX. */
void descriptors_set_number(struct percpu *cpu)
{
    cpu->tables.gdt[CPU_NUMBER_SELECTOR / 8] = USER_READ_ONLY | cpu->number;
}

void descriptors_load(struct percpu *cpu)
{
    struct table_pointer gdt_pointer = {sizeof(cpu->tables.gdt) - 1, (uintptr_t)cpu->tables.gdt};
    struct table_pointer idt_pointer = {sizeof(idt) - 1, (uintptr_t)idt};

    /*
     * Out of reset the local table is 64 KiB at address 0 (SDM vol. 3A, table 9-1), where a program
     * could write descriptors of its own: there is none.
     *
     * LTR wants the TSS free, and a CPU that is started again has left it busy.
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
                     "lidt %3\n"
                     "ltr %w4\n"
                     :
                     : "m"(gdt_pointer), "i"(KERNEL_CS), "i"(KERNEL_SS), "m"(idt_pointer),
                       "r"(TSS_SS)
                     : "rax", "memory");
    wrmsr(MSR_GS_BASE, (uintptr_t)cpu);
    wrmsr(MSR_KERNEL_GS_BASE, 0);
}

static void fill_idt(void)
{
    for (unsigned int vector = 0; vector < VECTOR_COUNT; vector++)
        set_gate(vector, IST_NONE, GATE_INTERRUPT);
    set_gate(VECTOR_DB, IST_DB, GATE_INTERRUPT);
    set_gate(VECTOR_NMI, IST_NMI, GATE_INTERRUPT);
    set_gate(VECTOR_DF, IST_DF, GATE_INTERRUPT);
    set_gate(VECTOR_MC, IST_MC, GATE_INTERRUPT);
    set_gate(VECTOR_BP, IST_NONE, GATE_INTERRUPT | GATE_USER);
    set_gate(VECTOR_OF, IST_NONE, GATE_INTERRUPT | GATE_USER);
}

void descriptors_init(void)
{
    uintptr_t stacks[IST_COUNT];

    for (unsigned int ist = 0; ist < IST_COUNT; ist++)
        stacks[ist] = (uintptr_t)ist_stacks[ist] + IST_STACK_SIZE;
    fill_idt();
    descriptors_prepare(&percpu_boot, stacks);
    descriptors_load(&percpu_boot);
    percpu_boot.apic_id = cpu_apic_id();
    percpu_add(&percpu_boot);
}
