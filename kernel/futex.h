// SPDX-License-Identifier: MIT
#ifndef KERNEL_FUTEX_H
#define KERNEL_FUTEX_H

#include <stdint.h>

void futex_init(void);

/*
 * Wakes one waiter at a word of the running task's memory, as FUTEX_WAKE does of a futex that is
 * not private: CLONE_CHILD_CLEARTID, and locks whose owner has ended.
 */
void futex_wake_one(uintptr_t address);

#endif
