// SPDX-License-Identifier: MIT
/*
 * The memory functions, with checks of the whole ranges before. libc/core/memory.c is compiled
 * without checks of its own, for it copies by REP MOVSQ, which the compiler does not see.
 */
#include "sanitizers/kasan_abi.h"
#include "sanitizers/kasan_shadow.h"

static void check(enum kasan_kind kind, const void *address, size_t size, uintptr_t rip)
{
    if (kasan_is_on && size && kasan_first_bad((uintptr_t)address, size))
        kasan_report(kind, (uintptr_t)address, size, rip);
}

void *__wrap_memcpy(void *to, const void *from, size_t count)
{
    check(KASAN_READ, from, count, CALLER);
    check(KASAN_WRITE, to, count, CALLER);
    return __real_memcpy(to, from, count);
}

void *__wrap_memmove(void *to, const void *from, size_t count)
{
    check(KASAN_READ, from, count, CALLER);
    check(KASAN_WRITE, to, count, CALLER);
    return __real_memmove(to, from, count);
}

void *__wrap_memset(void *memory, int byte, size_t count)
{
    check(KASAN_WRITE, memory, count, CALLER);
    return __real_memset(memory, byte, count);
}

int __wrap_memcmp(const void *left, const void *right, size_t count)
{
    check(KASAN_READ, left, count, CALLER);
    check(KASAN_READ, right, count, CALLER);
    return __real_memcmp(left, right, count);
}

/* No more is read than up to the byte that is found. */
void *__wrap_memchr(const void *memory, int byte, size_t count)
{
    const char *found = __real_memchr(memory, byte, count);

    check(KASAN_READ, memory, found ? (size_t)(found - (const char *)memory) + 1 : count, CALLER);
    return (void *)found;
}
