// SPDX-License-Identifier: MIT
/*
 * The checks of a build with DEBUG=1: order and number of locks taken (lock_check.h), translations
 * that should have been invalidated (tlb_check.h), memory that is taken for zeros or used after it
 * was freed. In any other build they are empty functions.
 */
#ifndef ARCH_CHECK_H
#define ARCH_CHECK_H

#include <stddef.h>

#ifdef LATCHKEY_DEBUG

#include "libc/include/string.h"

/* kernel/'s: a check has found a mistake of the kernel's own; ends in a panic that says which. */
void check_failed(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#ifdef LATCHKEY_KASAN

/* The address checker (sanitizers/) knows what is freed, and who touches it. */
static inline void poison(void *memory, size_t size)
{
    (void)memory;
    (void)size;
}

#else

/* Fills memory whose content is arbitrary from now on. */
static inline void poison(void *memory, size_t size)
{
    memset(memory, 0xa5, size);
}

#endif

#else

static inline void poison(void *memory, size_t size)
{
    (void)memory;
    (void)size;
}

#endif

#endif
