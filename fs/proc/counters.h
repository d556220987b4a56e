// SPDX-License-Identifier: MIT
/*
 * /sys/kernel/debug/latchkey: what the kernel uses, for tests to compare before and after, and
 * which system calls it has.
 *
 *   counters   lines "NAME VALUE": tasks, objects of each kind, huge pages, pages. When the same
 *              processes run and the same files are there, tasks, objects and "pages else" are
 *              what they were, or something has leaked.
 *   cpus       a row for each CPU: its APIC id, features, CR4.PKE, XCR0, where PKRU is in the XSAVE
 *              image, and what its TSC lacks to the boot CPU's; below the heads of the columns
 *   failures   in a build that checks itself, the last allocations that fail-nth made fail: lines
 *              "NUMBER TID CALL RESULT TRACE". 1 written to it has fail-nth count only those that
 *              have not failed yet by the same way.
 *   syscalls   lines "NUMBER NAME"
 */
#ifndef FS_PROC_COUNTERS_H
#define FS_PROC_COUNTERS_H

#include "fs/pseudo/pseudo.h"

extern const struct pseudo_entry counters_entries[];

#endif
