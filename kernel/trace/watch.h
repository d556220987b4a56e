// SPDX-License-Identifier: MIT
/*
 * Watchpoints: the debug registers that a tracer gives to a thread, as words of u_debugreg in
 * struct user.
 *
 * They are in the CPU during the thread's turns alone, but for those that a tracer clears while the
 * thread leaves the CPU: these go when they are met.
 */
#ifndef KERNEL_TRACE_WATCH_H
#define KERNEL_TRACE_WATCH_H

#include <stdint.h>

#include "kernel/task/task.h"

/* Reads, or writes, one of the eight. The thread does not run; -EINVAL, -EIO as on Linux. */
uint64_t watch_peek(const struct task *task, unsigned int number);
long watch_poke(struct task *task, unsigned int number, uint64_t value);

/* The running thread was stopped, and its tracer may have changed them. */
void watch_load(void);

/* kernel/trace/watch_entry.asm: from ring 0 with ring 3's GS, into the second function. */
void watch_step_is_lost_entry(void);
void watch_step_is_lost(void) __attribute__((noreturn));

#endif
