// SPDX-License-Identifier: MIT
#ifndef KERNEL_FUTEX_H
#define KERNEL_FUTEX_H

#include <stdint.h>

void futex_init(void);

/* Wakes one waiter at a word of the running task's memory: CLONE_CHILD_CLEARTID at its end. */
void futex_wake_one(uintptr_t address);

#endif
