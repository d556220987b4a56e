// SPDX-License-Identifier: MIT
/*
 * The kernel lock: one task at a time runs the code of kernel/ and fs/ that has no lock of its own.
 *
 * It guards the tree of processes, signals, files and terminals, whose code can therefore be read
 * as if there were one CPU. A system call takes it on entry unless it is declared parallel
 * (kernel/call/syscall.h); so do the paths from an exception to a signal. What must not wait for it
 * has locks of its own: memory (mm/), keys, futexes, the scheduler.
 *
 * The lock is recursive. A task that sleeps releases it and takes it back when it wakes: whatever
 * the lock guards may have changed across a wait_event(). An access to user memory is no such
 * point, since a page fault does not sleep.
 *
 * It is the outermost lock. It is taken with interrupts on, so that a CPU which waits for it still
 * answers the others. Interrupt handlers never take it.
 */
#ifndef KERNEL_TASK_KERNEL_LOCK_H
#define KERNEL_TASK_KERNEL_LOCK_H

#include <stdbool.h>

#include "arch/lock/spinlock.h"
#include "kernel/task/task.h"

extern struct spinlock kernel_spinlock;

static inline void kernel_lock(void)
{
    if (current()->kernel_lock_depth++ == 0)
        spin_lock(&kernel_spinlock);
}

static inline void kernel_unlock(void)
{
    if (--current()->kernel_lock_depth == 0)
        spin_unlock(&kernel_spinlock);
}

static inline bool kernel_lock_is_mine(void)
{
    return current()->kernel_lock_depth > 0;
}

/* Around a sleep: drop releases it at any depth, and retake takes it to that depth again. */
static inline unsigned int kernel_lock_drop(void)
{
    unsigned int depth = current()->kernel_lock_depth;

    if (depth) {
        current()->kernel_lock_depth = 0;
        spin_unlock(&kernel_spinlock);
    }
    return depth;
}

static inline void kernel_lock_retake(unsigned int depth)
{
    if (depth) {
        spin_lock(&kernel_spinlock);
        current()->kernel_lock_depth = depth;
    }
}

#endif
