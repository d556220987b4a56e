// SPDX-License-Identifier: MIT
/*
 * Explaining faults: the walk through the four levels with each entry decoded, the key, PKRU by
 * key, and one sentence that says why an access was refused.
 */
#ifndef KERNEL_REPORT_H
#define KERNEL_REPORT_H

#include <stdint.h>

#include "arch/trap.h"
#include "arch/types.h"
#include "kernel/signal.h"
#include "mm/fault.h"

struct task;

/*
 * A task dies of a signal that nobody handles; info is what the handler would have been given.
 * For page faults the report explains the access; for other exceptions it names them.
 * pkru: what was in force at the fault.
 */
void report_fatal_signal(struct task *task, const struct trap_frame *frame, const siginfo_t *info,
                         uint32_t pkru);

/* The walk to an address, a line a level, and what stopped it. For both reports. */
void report_page_walk(paddr_t root, uintptr_t address);

/* PKRU decoded: a line of the keys that are not open. */
void report_pkru(uint32_t pkru);

/* Name of an exception vector, such as "#PF page fault". */
const char *report_vector_name(uint64_t vector);

#endif
