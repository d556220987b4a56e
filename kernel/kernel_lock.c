// SPDX-License-Identifier: MIT
#include "kernel/kernel_lock.h"

struct spinlock kernel_spinlock = SPINLOCK_INIT("kernel");

unsigned int kernel_lock_drop(void)
{
    unsigned int depth = current()->kernel_lock_depth;

    if (depth) {
        current()->kernel_lock_depth = 0;
        spin_unlock(&kernel_spinlock);
    }
    return depth;
}

void kernel_lock_retake(unsigned int depth)
{
    if (depth) {
        spin_lock(&kernel_spinlock);
        current()->kernel_lock_depth = depth;
    }
}
