// SPDX-License-Identifier: MIT
/* The end of the kernel, as rooms above are told of it (arch/cpu/attach.h). */
#ifndef KERNEL_REPORT_EVENTS_H
#define KERNEL_REPORT_EVENTS_H

#include <stdint.h>

#include "arch/cpu/attach.h"
#include "arch/cpu/trap.h"

/*
 * An exception has come that ends the machine, NMI, #DF or #MC. Each CPU that it comes to tells
 * this before it halts for another's report or makes its own: so what that CPU alone can read is
 * noted here. On a stack of the exception's own; no lock may be taken, nothing printed.
 */
EVENT(fatal_exception, void, const struct trap_frame *frame);

/*
 * The report of an exception in the kernel is being printed, what the CPU pushed already and the
 * registers not yet: rows may be added. The other CPUs have stopped, perhaps in the midst of
 * anything, and no lock may be taken but the console's.
 */
EVENT(panic_report, void, const struct trap_frame *frame);

/*
 * The last rows of a report: how the kernel came there, from the registers of a trap in it or,
 * where that is NULL, from the stack frame at rbp on. As above.
 */
EVENT(panic_trace, void, const struct trap_frame *frame, uintptr_t rbp);

#endif
