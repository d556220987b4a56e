// SPDX-License-Identifier: MIT
/*
 * Watchpoints: the debug registers that a tracer gives to a thread, as words of u_debugreg in
 * struct user.
 *
 * A thread that has some loads them at the beginning of each turn. They stay in the CPU until
 * another thread with watchpoints runs there: a thread without any that meets one disarms them.
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

#endif
