// SPDX-License-Identifier: MIT
/*
 * The end of the kernel: a report that can be understood, and a halt that QEMU sees as failure.
 *
 *     ==== kernel panic: ...
 *     registers, backtrace with symbol names, the page walk of the address at fault
 *     ==== end of panic
 */
#ifndef KERNEL_REPORT_PANIC_H
#define KERNEL_REPORT_PANIC_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu/trap.h"

/* Reads an aligned word of kernel memory; false when the tables do not map it. */
bool panic_read(uintptr_t address, uint64_t *value);

void panic(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* The same; tell prints what is known of it, behind the first line. */
void panic_telling(void (*tell)(const void *context), const void *context, const char *format, ...)
    __attribute__((noreturn, format(printf, 3, 4)));

/* For an exception in the kernel, or an NMI, #DF or #MC anywhere. */
void panic_trap(const struct trap_frame *frame, const char *why) __attribute__((noreturn));

/* For an NMI, #DF or #MC: halts this CPU for good if another one reports a panic. */
void panic_obey(const struct trap_frame *frame);

#endif
