// SPDX-License-Identifier: MIT
/*
 * The local APIC: its timer, interrupts to other CPUs and the end of interrupts (SDM vol. 3A,
 * chapter 10).
 *
 * It is used in the mode the firmware left it in: x2APIC by MSRs, or xAPIC by its page, which
 * the caller maps. The 8259s, where there are any, are masked.
 */
#ifndef ARCH_DEVICE_APIC_H
#define ARCH_DEVICE_APIC_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu/cpu_set.h"
#include "arch/cpu/trap.h"
#include "arch/cpu/types.h"

/* Whether the registers are a page in memory (xAPIC), and where. */
bool apic_is_memory_mapped(paddr_t *page);

/* Enables the boot CPU's APIC, its timer stopped. registers: the mapped page; NULL for x2APIC. */
void apic_init(volatile void *registers);

/* The same on another CPU, which is put into the boot CPU's mode, whatever mode it was in. */
void apic_init_other(void);

/* Whether an interrupt can be sent to a CPU with this id: in xAPIC mode there are 8 bits for it. */
bool apic_can_reach(uint32_t id);

uint32_t apic_id(void);

/*
 * Sends to the CPU with this APIC id. A vector alone is an interrupt; NMI cannot be masked; INIT
 * resets a CPU; STARTUP, with a page's number below 256, starts one that waits since, in real mode
 * there (interrupt command register: SDM vol. 3A, figure 10-12).
 */
#define APIC_ICR_NMI     (4u << 8)
#define APIC_ICR_INIT    (5u << 8)
#define APIC_ICR_STARTUP (6u << 8)
void apic_send(uint32_t id, uint32_t command);

/* Starts to count down from the maximum, without interrupting, to calibrate; and what is left. */
void apic_timer_start_counting(void);
uint32_t apic_timer_remaining(void);

/* Interrupts once at VECTOR_TIMER, that many ticks of the timer's clock from now. */
void apic_timer_once(uint32_t ticks);

/* Interrupts when the TSC is there or beyond, where X86_FEATURE_TSC_DEADLINE says so. */
void apic_timer_deadline(uint64_t tsc);

void apic_end_of_interrupt(void);

/* ---- interrupts from one CPU to another, by the CPUs' numbers ---- */

/*
 * The handler sees what was written before the call. The call returns when the interrupt is sent,
 * not when it has arrived: for an answer, the handler has to write one. May be called anywhere,
 * with interrupts on or off.
 */

/* VECTOR_RESCHEDULE, VECTOR_TLB or VECTOR_WAKE, to one CPU that is up; also to this one. */
void ipi_send(unsigned int cpu, enum vector vector);

/* To each member of a set but this CPU; returns to how many. */
unsigned int ipi_send_set(const struct cpu_set *set, enum vector vector);

/* A non-maskable interrupt to each CPU that is up but this one. */
void ipi_send_nmi_to_others(void);

#endif
