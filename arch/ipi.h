// SPDX-License-Identifier: MIT
/*
 * Interrupts from one CPU to another, by the CPUs' numbers.
 *
 * What was written before the call is seen by the handler. The call returns when the interrupt is
 * on its way, not when it has arrived: who needs an answer has the handler write one. Sending is
 * possible from everywhere, with interrupts on or off.
 */
#ifndef ARCH_IPI_H
#define ARCH_IPI_H

#include "arch/cpu_set.h"
#include "arch/trap.h"

/* VECTOR_RESCHEDULE, VECTOR_TLB or VECTOR_WAKE, to one CPU that is up; also to this one. */
void ipi_send(unsigned int cpu, enum vector vector);

/* To each member of a set but this CPU; returns to how many. */
unsigned int ipi_send_set(const struct cpu_set *set, enum vector vector);

/* A non-maskable interrupt to each CPU that is up but this one. */
void ipi_send_nmi_to_others(void);

#endif
