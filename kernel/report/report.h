// SPDX-License-Identifier: MIT
/*
 * Explaining faults: the walk through the four levels with each entry decoded, the key, PKRU by
 * key, and one sentence that says why an access was refused.
 *
 * The room owns the report of a program's end by a fault, the panic, and what both are made of. It
 * leaves more words on exceptions other than page faults to kernel/explain/, how many reports there
 * may be to kernel/log/, and where they appear to kernel/console/.
 *
 * kernel/report/report.c gathers and prints, kernel/report/report_decode.c decodes what the CPU has
 * (for a panic too), kernel/report_why*.c find the sentence.
 */
#ifndef KERNEL_REPORT_REPORT_H
#define KERNEL_REPORT_REPORT_H

#include <stdint.h>

#include "arch/cpu/trap.h"
#include "arch/cpu/types.h"
#include "kernel/signal/signal.h"

struct task;
struct pt_path;

/*
 * A task dies of a signal that nobody handles; info is what the handler would have been given.
 * For page faults the report explains the access; for other exceptions it says what they mean;
 * a signal that somebody sent gets a line.
 * pkru: what was in force at the fault. Call it while the task's tables are as the fault saw them.
 *
 * The report says what the program itself may not know: what is in its execute-only memory and
 * under keys that it has closed, physical addresses, page-table entries. So its lines are private
 * in the log (kernel/console/console.h); all of it is on the console.
 *
 * The facts are gathered under the address space's lock, and printed with no lock at all: a slow
 * serial line holds up this task alone. So the caller sees to it that no two tasks report at a
 * time.
 */
void report_fatal_signal(struct task *task, const struct trap_frame *frame, const siginfo_t *info,
                         uint32_t pkru);

/* ---- rows that the panic has too; none takes a lock or memory ---- */

/* The walk to an address, a row a level, as far as it gets; and one that was read before. */
void report_page_walk(paddr_t root, uintptr_t address);
void report_page_path(paddr_t root, uintptr_t address, const struct pt_path *path);

/* PKRU decoded: which keys are open, which may not be written, which not accessed. */
void report_pkru(uint32_t pkru);

/* The error code of a page fault, bit by bit. */
void report_error_code(uint64_t code);

void report_registers(const struct trap_frame *frame);

/* Name of an exception vector, such as "#PF page fault". */
const char *report_vector_name(uint64_t vector);

#endif
