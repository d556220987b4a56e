// SPDX-License-Identifier: MIT
/*
 * The IDT, one for all CPUs: each vector leads to its entry in arch/entry/entry.asm (SDM vol. 3A,
 * 6.14).
 *
 * The room owns the instructions from ring 3 into the kernel and back, and the switch between two
 * tasks' stacks (arch/entry/entry.asm). It leaves the frame that an entry builds to
 * arch/cpu/trap.h, and what an entry leads to, to kernel/entry/ and the table of kernel/call/.
 */
#ifndef ARCH_ENTRY_IDT_H
#define ARCH_ENTRY_IDT_H

/* arch/entry/entry.asm: the entry of each vector. */
extern const char vector_entries[];
#define VECTOR_ENTRY_SIZE 16

/*
 * Loads it on this CPU, whose GDT, TSS and GS base are loaded: exceptions are caught from here on.
 * The first call is the boot CPU's idt_init(), which fills it in for all.
 */
void idt_init(void);
void idt_load(void);

#endif
