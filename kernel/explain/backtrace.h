// SPDX-License-Identifier: MIT
/*
 * Backtraces by frame pointers, for panics: the walk follows no pointer before it has looked in
 * the live page tables, so it never faults.
 */
#ifndef KERNEL_EXPLAIN_BACKTRACE_H
#define KERNEL_EXPLAIN_BACKTRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu/trap.h"

/* Reads an aligned word of kernel memory; false when the tables do not map it. */
bool panic_read(uintptr_t address, uint64_t *value);

/*
 * Prints a row for each return address from the frame that rbp points to on, with the names of
 * the functions. Where the kernel was entered in between, a row says how and from where.
 */
void backtrace_from(uintptr_t rbp);

/* The same for the registers that a trap in the kernel saved, from its rip on. */
void backtrace_trap(const struct trap_frame *frame);

#endif
