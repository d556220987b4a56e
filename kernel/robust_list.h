// SPDX-License-Identifier: MIT
/*
 * Robust futexes: a task tells where it keeps the list of locks that it holds (set_robust_list),
 * and when it ends, each of them is marked with FUTEX_OWNER_DIED and one who waits for it woken.
 */
#ifndef KERNEL_ROBUST_LIST_H
#define KERNEL_ROBUST_LIST_H

/*
 * Lets go of the running task's locks, when it ends or gets another address space. The list is
 * the program's: one that is circular, too long, or not there does no harm.
 */
void robust_list_exit(void);

#endif
