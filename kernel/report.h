// SPDX-License-Identifier: MIT
/*
 * Explaining faults: the walk through the four levels with each entry decoded, the key, PKRU by
 * key, and one sentence that says why an access was refused.
 *
 * kernel/report.c gathers and prints, kernel/report_decode.c decodes what the CPU has (for a
 * panic too), kernel/report_why*.c find the sentence.
 */
#ifndef KERNEL_REPORT_H
#define KERNEL_REPORT_H

#include <stdint.h>

#include "arch/trap.h"
#include "arch/types.h"
#include "kernel/signal.h"

struct task;

/*
 * A task dies of a signal that nobody handles; info is what the handler would have been given.
 * For page faults the report explains the access; for other exceptions it says what they mean;
 * a signal that somebody sent gets a line.
 * pkru: what was in force at the fault. Call it while the task's tables are as the fault saw them.
 */
void report_fatal_signal(struct task *task, const struct trap_frame *frame, const siginfo_t *info,
                         uint32_t pkru);

/* ---- rows that the panic has too; none takes a lock or memory ---- */

/* The walk to an address, a row a level, as far as it gets. */
void report_page_walk(paddr_t root, uintptr_t address);

/* PKRU decoded: which keys are open, which may not be written, which not accessed. */
void report_pkru(uint32_t pkru);

/* The error code of a page fault, bit by bit. */
void report_error_code(uint64_t code);

void report_registers(const struct trap_frame *frame);

/* Name of an exception vector, such as "#PF page fault". */
const char *report_vector_name(uint64_t vector);

#endif
