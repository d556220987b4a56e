// SPDX-License-Identifier: MIT
/*
 * Machine checks on their way into a panic report. The exception comes to all CPUs at once, and the
 * one that reports need not be the one whose banks hold the error: so each notes its own first.
 */
#ifndef KERNEL_MACHINE_CHECK_H
#define KERNEL_MACHINE_CHECK_H

/* Notes what this CPU's banks hold; takes no lock. */
void machine_check_note(void);

/* Prints, with a line for each, what was noted. The other CPUs have stopped. */
void machine_check_report(void);

#endif
