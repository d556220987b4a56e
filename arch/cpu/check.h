// SPDX-License-Identifier: MIT
/*
 * Hooks of the kernel for its checkers. Each is a function of a checker in builds that have it, and
 * empty in all others:
 *
 *   DEBUG=1   locks and their order (arch/lock/lock_check.c), translations that should have been
 *             invalidated (arch/mmu/tlb_check.c), writes to freed memory
 *             (sanitizers/poison_check.c)
 *   KASAN=1   which memory may be accessed (sanitizers/kasan.c); freed memory needs no pattern
 */
#ifndef ARCH_CPU_CHECK_H
#define ARCH_CPU_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/cpu/types.h"

struct page;
struct slab_cache;

#define HOOK(type, otherwise, name, ...) type name(__VA_ARGS__)
/* Without the checker: gives the value otherwise. Its parameters are there for their types. */
/* clang-format off */
#define NO_HOOK(type, otherwise, name, ...)                  \
    _Pragma("GCC diagnostic push")                           \
    _Pragma("GCC diagnostic ignored \"-Wunused-parameter\"") \
    static inline type name(__VA_ARGS__)                     \
    {                                                        \
        return otherwise;                                    \
    }                                                        \
    _Pragma("GCC diagnostic pop")                            \
    static inline type name(__VA_ARGS__)
/* clang-format on */

#ifdef LATCHKEY_DEBUG
#define DEBUG_HOOK HOOK
/* A check has found a mistake in the kernel: panics and says which. */
void check_failed(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
#else
#define DEBUG_HOOK NO_HOOK
#endif

#ifdef LATCHKEY_KASAN
#define KASAN_HOOK     HOOK
#define KASAN_RED_ZONE 16
struct kasan_quarantine {
    void *oldest, *newest;
    size_t bytes;
};
#else
#define KASAN_HOOK     NO_HOOK
#define KASAN_RED_ZONE 0
struct kasan_quarantine {
};
#endif

#if defined(LATCHKEY_DEBUG) && !defined(LATCHKEY_KASAN)
#define POISON_HOOK HOOK
#else
#define POISON_HOOK NO_HOOK
#endif

/* Where the current function was called: tells who freed something. */
#define POISON_CALLER __builtin_return_address(0)

/* Fills memory whose content is arbitrary from now on. */
DEBUG_HOOK(void, , poison, void *memory, size_t size);
/* A free object, whose first word is the slab's. was_freed: it has been given out before. */
POISON_HOOK(void, , poison_object_freed, void *object, size_t size, const void *freed_by);
POISON_HOOK(void, , poison_object_taken, const char *cache, void *object, size_t size,
            bool was_freed);
/* A block; one of zeros (filled) stays as it is while it is free. */
POISON_HOOK(void, , poison_pages_freed, struct page *page, const void *freed_by);
POISON_HOOK(void, , poison_pages_taken, struct page *page, unsigned int order, bool filled);

/* At boot: on the early tables; RAM and image in the final ones, 0 or -ENOMEM; those are in use. */
KASAN_HOOK(void, , kasan_map_early, void);
KASAN_HOOK(int, 0, kasan_map, paddr_t root);
KASAN_HOOK(void, , kasan_start, void);
/* For memory that assembly accesses. */
KASAN_HOOK(void, , kasan_check_read, const void *address, size_t size);
KASAN_HOOK(void, , kasan_check_write, void *address, size_t size);
/* Blocks of 2^order pages; of one in use, the first size bytes are accessible and no more. */
KASAN_HOOK(void, , kasan_pages_allocated, struct page *page, unsigned int order);
KASAN_HOOK(void, , kasan_pages_freed, struct page *page, unsigned int order);
KASAN_HOOK(void, , kasan_pages_limit, struct page *page, size_t size);
/* A kernel stack gets its shadow, 0 or -ENOMEM; a freed one keeps its first word, a chain's. */
KASAN_HOOK(int, 0, kasan_stack_map, paddr_t root, uintptr_t stack, size_t size);
KASAN_HOOK(void, , kasan_stack_allocated, uintptr_t stack, size_t size);
KASAN_HOOK(void, , kasan_stack_freed, uintptr_t stack, size_t size);
/* Pages of the shadow of stacks, and of its tables. */
KASAN_HOOK(uint64_t, 0, kasan_stack_pages, void);
/* From one object of a cache to the next, before the alignment. */
KASAN_HOOK(size_t, size, kasan_object_stride, size_t size);
KASAN_HOOK(void, , kasan_slab_made, void *slab, size_t header, size_t size);
/* size: what was asked for, where that is less than the cache's size. */
KASAN_HOOK(void, , kasan_object_allocated, const struct slab_cache *cache, void *object,
           size_t size);
/* False when the object must not be freed, which has been reported. */
KASAN_HOOK(bool, true, kasan_object_freed, const struct slab_cache *cache, void *object);
/* With the cache's lock held: swap takes a freed object in and returns the oldest, if too many are
 * in, or NULL; take only returns one. */
KASAN_HOOK(void *, object, kasan_quarantine_swap, struct slab_cache *cache, void *object);
KASAN_HOOK(void *, NULL, kasan_quarantine_take, struct slab_cache *cache);

#endif
