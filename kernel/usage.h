// SPDX-License-Identifier: MIT
/* What processes use: time, memory, page faults, as getrusage(2) and wait4(2) tell it. */
#ifndef KERNEL_USAGE_H
#define KERNEL_USAGE_H

#include <stdint.h>

struct process;
struct task;

struct usage {
    uint64_t cpu_ns; /* in ring 3 and in the kernel */
    uint64_t peak_pages;
    uint64_t faults; /* page faults that were resolved */
};

/* Of a thread alone, and of all threads that a process has had. */
struct usage usage_of(const struct task *task);
struct usage usage_of_process(const struct process *process);

/* Adds what a thread or a child has used. Of memory the largest counts. */
void usage_add(struct usage *sum, const struct usage *child);

/* The task's address space goes, so that its peak has to be remembered. */
void usage_leave_space(struct task *task);

/* Writes a struct rusage: 0 or -EFAULT. */
int usage_to_user(uintptr_t address, const struct usage *usage);

#endif
