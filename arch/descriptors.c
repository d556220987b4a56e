// SPDX-License-Identifier: MIT
/*
 * The descriptor tables (SDM vol. 3A, 3.4.5, 6.14, 7.7).
 *
 * #DF, NMI and #MC get stacks of their own by the TSS's interrupt stack table, because each may
 * come when RSP is not to be trusted. The top of such a stack holds the CPU's percpu pointer, by
 * which the entry code finds GS without having to believe the one it was interrupted with.
 */
#include "arch/descriptors.h"

#include <stdint.h>

#include "arch/bug.h"
#include "arch/cpu.h"
#include "arch/percpu.h"
#include "arch/trap.h"
#include "arch/types.h"

#define IST_STACK_SIZE 8192
#define VECTOR_COUNT   256

enum ist {
    IST_NONE,
    IST_DF,
    IST_NMI,
    IST_MC,
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
static uint64_t gdt[] = {
    [KERNEL_CS / 8] = 0x00af9b000000ffff,
    [KERNEL_SS / 8] = 0x00cf93000000ffff,
    [USER_SS / 8] = 0x00cff3000000ffff,
    [USER_CS / 8] = 0x00affb000000ffff,
    [TSS_SS / 8] = 0,
    [TSS_SS / 8 + 1] = 0,
};

static struct gate idt[VECTOR_COUNT] __attribute__((aligned(4096)));
static struct tss tss;
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

static void set_tss_descriptor(void)
{
    uintptr_t base = (uintptr_t)&tss;

    gdt[TSS_SS / 8] =
        (sizeof(tss) - 1) | (base & 0xffffff) << 16 | 0x89ul << 40 | (base >> 24 & 0xff) << 56;
    gdt[TSS_SS / 8 + 1] = base >> 32;
}

static void set_ist(enum ist ist, struct percpu *cpu)
{
    uintptr_t top = (uintptr_t)ist_stacks[ist] + IST_STACK_SIZE - 16;

    *(struct percpu **)top = cpu;
    tss.ist[ist - 1] = top;
}

void cpu_set_kernel_stack(uintptr_t top)
{
    this_cpu()->kernel_stack = top;
    tss.rsp[0] = top;
}

static void load_tables(void)
{
    struct table_pointer gdt_pointer = {sizeof(gdt) - 1, (uintptr_t)gdt};
    struct table_pointer idt_pointer = {sizeof(idt) - 1, (uintptr_t)idt};

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
                     "lidt %3\n"
                     "ltr %w4\n"
                     :
                     : "m"(gdt_pointer), "i"(KERNEL_CS), "i"(KERNEL_SS), "m"(idt_pointer),
                       "r"(TSS_SS)
                     : "rax", "memory");
}

void descriptors_init(void)
{
    for (unsigned int vector = 0; vector < VECTOR_COUNT; vector++)
        set_gate(vector, IST_NONE, GATE_INTERRUPT);
    set_gate(VECTOR_NMI, IST_NMI, GATE_INTERRUPT);
    set_gate(VECTOR_DF, IST_DF, GATE_INTERRUPT);
    set_gate(VECTOR_MC, IST_MC, GATE_INTERRUPT);
    set_gate(VECTOR_BP, IST_NONE, GATE_INTERRUPT | GATE_USER);
    set_gate(VECTOR_OF, IST_NONE, GATE_INTERRUPT | GATE_USER);

    set_ist(IST_DF, &percpu_boot);
    set_ist(IST_NMI, &percpu_boot);
    set_ist(IST_MC, &percpu_boot);
    tss.io_map = sizeof(tss);
    set_tss_descriptor();
    load_tables();

    percpu_boot.self = &percpu_boot;
    wrmsr(MSR_GS_BASE, (uintptr_t)&percpu_boot);
    wrmsr(MSR_KERNEL_GS_BASE, 0);
}
