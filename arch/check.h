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

/* The same about memory that was freed, at freed_by unless that is NULL, which is named. */
void check_failed_by(const void *freed_by, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

/* Fills memory whose content is arbitrary from now on. */
static inline void poison(void *memory, size_t size)
{
    memset(memory, 0xa5, size);
}

#else

static inline void poison(void *memory, size_t size)
{
    (void)memory;
    (void)size;
}

#endif

#endif
