// SPDX-License-Identifier: MIT
/*
 * The local APIC: its timer, interrupts to other CPUs and the end of interrupts (SDM vol. 3A,
 * chapter 10).
 *
 * It is used in the mode the firmware left it in: x2APIC by MSRs, or xAPIC by its page, which
 * the caller maps. The 8259s, where there are any, are masked.
 */
#ifndef ARCH_APIC_H
#define ARCH_APIC_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/types.h"

/* Whether the registers are a page in memory (xAPIC), and where. */
bool apic_is_memory_mapped(paddr_t *page);

/* Enables this CPU's APIC, its timer stopped. registers: the mapped page, or NULL for x2APIC. */
void apic_init(volatile void *registers);

uint32_t apic_id(void);

/* To the CPU with this APIC id: an interrupt at a vector, or one that cannot be masked. */
void apic_send_interrupt(uint32_t id, unsigned int vector);
void apic_send_nmi(uint32_t id);

/* Counts down from the largest value without interrupting, for calibration; and what is left. */
void apic_timer_start_counting(void);
uint32_t apic_timer_remaining(void);

/* Interrupts once at VECTOR_TIMER, that many ticks of the timer's clock from now. */
void apic_timer_once(uint32_t ticks);

/* Whether the timer can compare with the TSC; then it interrupts when the TSC is there or beyond.
 */
bool apic_timer_has_deadline(void);
void apic_timer_deadline(uint64_t tsc);

void apic_end_of_interrupt(void);

#endif
