// SPDX-License-Identifier: MIT
/* Processes: fork, exit and wait. */
#ifndef KERNEL_PROCESS_H
#define KERNEL_PROCESS_H

#include <stdint.h>

struct task;

/* Makes a task for the first program: no descriptors yet, at the root directory. */
struct task *process_create(void);

/*
 * Ends the running process with a status as wait(2) has it. When it is the first program, the
 * machine ends: see process_set_last_words().
 */
void process_exit(int wait_status) __attribute__((noreturn));

/* Ends the machine as if the first program had ended with this status: reboot(2). */
void process_end_machine(int wait_status) __attribute__((noreturn));

/* Lets the parent of a vfork() go on: the task has its own address space now, or has ended. */
void process_end_vfork(struct task *task);

/* What to do with the first program's status when it has ended. Does not return. */
void process_set_last_words(void (*last_words)(int wait_status));

#endif
