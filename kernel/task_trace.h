// SPDX-License-Identifier: MIT
#ifndef KERNEL_TASK_TRACE_H
#define KERNEL_TASK_TRACE_H

/*
 * Prints where each task is, and how it came there, between two lines that a reader of the log
 * finds. Under the kernel lock.
 */
void task_trace_all(void);

#endif
