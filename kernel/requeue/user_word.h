// SPDX-License-Identifier: MIT
/*
 * Words of user memory that threads share: 32 bits, aligned, read or changed by one access.
 *
 * A function with try_ in its name is to the other as user_word_try_load() (arch/mmu/usercopy.h) is
 * to user_word_load().
 */
#ifndef KERNEL_REQUEUE_USER_WORD_H
#define KERNEL_REQUEUE_USER_WORD_H

#include <stdint.h>

/* 0 or -EFAULT. */
int user_word_load(uintptr_t address, uint32_t *value);

/*
 * Replaces a word that is *value by next, with LOCK CMPXCHG. 0; -EAGAIN if it was another, which is
 * then in *value; -EFAULT. It counts as a write in any case.
 */
int user_word_replace(uintptr_t address, uint32_t *value, uint32_t next);
int user_word_try_replace(uintptr_t address, uint32_t *value, uint32_t next);

/* Brings the word's page in as for a write, without changing it: 0 or -EFAULT. */
int user_word_prepare(uintptr_t address);

#endif
