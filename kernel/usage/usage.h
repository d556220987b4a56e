// SPDX-License-Identifier: MIT
/*
 * What threads and processes have used: time, memory, page faults.
 *
 * The room owns the sums, of threads that have ended and of children that were waited for, and the
 * calls that tell them: getrusage(2), times(2), the usage of wait4(2). It leaves the clock of one
 * task to kernel/task/, the faults of one to kernel/entry/, and limits to kernel/user/ and
 * kernel/timer/. The kernel lock guards it.
 */
#ifndef KERNEL_USAGE_USAGE_H
#define KERNEL_USAGE_USAGE_H

#include <stdint.h>

#include "kernel/task/process.h"

struct task;

struct usage {
    uint64_t cpu_ns; /* in ring 3 and in the kernel */
    uint64_t peak_pages;
    uint64_t faults; /* page faults that were resolved */
};

/* How long a task has run, in the kernel or in ring 3. */
uint64_t task_cpu_ns(const struct task *task);

/* Of a thread alone, and of all threads that a process has had. */
struct usage usage_of(const struct task *task);
struct usage usage_of_process(const struct process *process);

/* Of the children that a process has waited for, and of theirs. */
const struct usage *usage_of_children(const struct process *process);

/* How long its threads have run, those that have ended among them. */
uint64_t process_cpu_ns(const struct process *process);

#endif
