// SPDX-License-Identifier: MIT
#include "arch/entry/idt.h"

#include <stdint.h>

#include "arch/cpu/descriptors.h"
#include "arch/cpu/trap.h"

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

#define GATE_INTERRUPT 0x8e /* present, DPL 0, 64-bit interrupt gate */
#define GATE_USER      0x60 /* DPL 3: INT n may come here from ring 3 */

static struct gate idt[VECTOR_COUNT] __attribute__((aligned(4096)));

trap_hook_t trap_hook;

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

void idt_load(void)
{
    struct table_pointer pointer = {sizeof(idt) - 1, (uintptr_t)idt};

    __asm__ volatile("lidt %0" : : "m"(pointer) : "memory");
}

void idt_init(void)
{
    for (unsigned int vector = 0; vector < VECTOR_COUNT; vector++)
        set_gate(vector, IST_NONE, GATE_INTERRUPT);
    set_gate(VECTOR_DB, IST_DB, GATE_INTERRUPT);
    set_gate(VECTOR_NMI, IST_NMI, GATE_INTERRUPT);
    set_gate(VECTOR_DF, IST_DF, GATE_INTERRUPT);
    set_gate(VECTOR_MC, IST_MC, GATE_INTERRUPT);
    set_gate(VECTOR_BP, IST_NONE, GATE_INTERRUPT | GATE_USER);
    set_gate(VECTOR_OF, IST_NONE, GATE_INTERRUPT | GATE_USER);
    idt_load();
}
