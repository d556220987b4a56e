// SPDX-License-Identifier: MIT
/*
 * Who is told to end because memory is out.
 *
 * The room owns the choice and what is kept for those who must go on. It leaves to mm/page/ how
 * many pages are free, to files what would come free with them (mm/object/footprint.h), and to
 * kernel/process/ the end of a process that SIGKILL has reached.
 */
#ifndef KERNEL_OOM_OOM_H
#define KERNEL_OOM_OOM_H

#include <stdbool.h>

struct process;

/* Whether others need the memory that a process was told to give. */
bool oom_awaits(const struct process *process);

#endif
