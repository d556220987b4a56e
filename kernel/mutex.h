// SPDX-License-Identifier: MIT
/*
 * Mutexes: locks that may be held while user memory is touched, since those who wait for one
 * sleep. Not for interrupt handlers, and not to be held at the end of a system call.
 */
#ifndef KERNEL_MUTEX_H
#define KERNEL_MUTEX_H

#include <stdint.h>

#include "kernel/wait_queue.h"

struct mutex {
    uint32_t held; /* 0 or 1 */
    struct wait_queue waiters;
};

void mutex_init(struct mutex *mutex);
void mutex_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);

#endif
