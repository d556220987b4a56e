// SPDX-License-Identifier: MIT
/*
 * The calls on ranges of memory that are mapped: madvise, mincore, mlock and its kin, mremap,
 * msync.
 *
 * The room owns these calls, the limit on what is locked, the moving of pages, and the growth of
 * stacks. It leaves VMAs,
 * their flags and their pages to mm/space/, whose locks it takes. Errors are Linux's, found in its
 * order. Nothing is ever swapped or written back.
 */
#ifndef MM_RANGE_RANGE_H
#define MM_RANGE_RANGE_H

#include <stdint.h>

struct address_space;

/* Sets one of a VMA's flags to a value, or clears it, from start to end: -EAGAIN without memory.
 */
int space_set_flag_locked(struct address_space *space, uintptr_t start, uintptr_t end,
                          unsigned int flag, unsigned int value);

#endif
