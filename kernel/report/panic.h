// SPDX-License-Identifier: MIT
/*
 * The end of the kernel: a report that can be understood, and a halt that QEMU sees as failure.
 *
 *     ==== kernel panic: ...
 *     the exception, its registers, the page walk of its address, and what rooms above know
 *     ==== end of panic
 */
#ifndef KERNEL_REPORT_PANIC_H
#define KERNEL_REPORT_PANIC_H

#include <stdint.h>

#include "arch/cpu/attach.h"
#include "arch/cpu/trap.h"

void panic(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* For an exception in the kernel, or an NMI, #DF or #MC anywhere. */
void panic_trap(const struct trap_frame *frame, const char *why) __attribute__((noreturn));

/* For an NMI, #DF or #MC: halts this CPU for good if another one reports a panic. */
void panic_obey(const struct trap_frame *frame);

/* ---- what rooms above are told ---- */

/*
 * An exception has come that ends the machine: NMI, #DF or #MC. Each CPU that it comes to tells
 * this before it halts for another's report or makes its own, so that what only that CPU can read
 * is noted. It runs on the exception's own stack; no lock may be taken, and nothing printed.
 */
EVENT(fatal_exception, void, const struct trap_frame *frame);

/*
 * A panic is being reported: of an exception, whose registers are to come, or (then frame is NULL)
 * of what the first line says. Rows may be added. The other CPUs have stopped, perhaps in the
 * midst of anything, and no lock may be taken but the console's.
 */
EVENT(panic_report, void, const struct trap_frame *frame);

/*
 * The last rows of a report: how the kernel came there, from the registers of the exception or,
 * where that is NULL, from the stack frame at rbp on. As above.
 */
EVENT(panic_trace, void, const struct trap_frame *frame, uintptr_t rbp);

#endif
