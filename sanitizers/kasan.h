// SPDX-License-Identifier: MIT
/*
 * What a build with KASAN=1 is told by the rest of the kernel: which memory is whose. The compiler
 * has every other access checked against that; assembly and what stands for it asks by hand.
 *
 * Each 8 bytes of kernel memory have a byte in the shadow: 0 when all of them may be accessed, 1 to
 * 7 when the first so many may, anything else when none may; it says why not (kasan_shadow.h).
 *
 * In any other build all of this is empty.
 */
#ifndef SANITIZERS_KASAN_H
#define SANITIZERS_KASAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/types.h"

struct page;
struct slab_cache;

#ifdef LATCHKEY_KASAN

/* The start-up, in this order; nothing is found before kasan_start(). */

/* On the early tables, before the first instrumented function: a page for all of the shadow. */
void kasan_map_early(void);

/* Puts the shadow of all RAM and of the image into the kernel's final tables. 0 or -ENOMEM. */
int kasan_map(paddr_t root);

/* Those tables are in use: global variables get their red zones, and checks begin. */
void kasan_start(void);

/* Checks by hand, for memory that assembly accesses. */
void kasan_check_read(const void *address, size_t size);
void kasan_check_write(void *address, size_t size);

/* Blocks of 2^order pages. */
void kasan_pages_allocated(struct page *page, unsigned int order);
void kasan_pages_freed(struct page *page, unsigned int order);
/* Of a block in use, the first size bytes are accessible and the rest is not. */
void kasan_pages_limit(struct page *page, size_t size);

/* A kernel stack gets its shadow: 0 or -ENOMEM. */
int kasan_stack_map(paddr_t root, uintptr_t stack, size_t size);
void kasan_stack_allocated(uintptr_t stack, size_t size);
/* All but the first word, which chains free stacks. */
void kasan_stack_freed(uintptr_t stack, size_t size);
/* Pages of the shadow of stacks, and of its tables. */
uint64_t kasan_stack_pages(void);

/* Slabs. What is known of an object lies in the red zone behind it. */

#define KASAN_RED_ZONE 16

struct kasan_quarantine {
    void *oldest, *newest;
    size_t bytes;
};

/* From one object of a cache to the next, before the alignment. */
size_t kasan_object_stride(size_t size);
void kasan_slab_made(void *slab, size_t header, size_t size);
/* size: what was asked for, where that is less than the cache's size. */
void kasan_object_allocated(const struct slab_cache *cache, void *object, size_t size);
/* False when the object must not be freed, which has been reported. */
bool kasan_object_freed(const struct slab_cache *cache, void *object);
/*
 * Takes a freed object in and gives one back that has been in for long, or NULL. The cache's lock
 * is held.
 */
void *kasan_quarantine_swap(struct slab_cache *cache, void *object);
/* Only gives back: NULL when none is left. */
void *kasan_quarantine_take(struct slab_cache *cache);

#else

struct kasan_quarantine {
};

#define KASAN_RED_ZONE 0

static inline void kasan_map_early(void)
{
}

static inline int kasan_map(paddr_t root)
{
    (void)root;
    return 0;
}

static inline void kasan_start(void)
{
}

static inline void kasan_check_read(const void *address, size_t size)
{
    (void)address;
    (void)size;
}

static inline void kasan_check_write(void *address, size_t size)
{
    (void)address;
    (void)size;
}

static inline void kasan_pages_allocated(struct page *page, unsigned int order)
{
    (void)page;
    (void)order;
}

static inline void kasan_pages_freed(struct page *page, unsigned int order)
{
    (void)page;
    (void)order;
}

static inline void kasan_pages_limit(struct page *page, size_t size)
{
    (void)page;
    (void)size;
}

static inline int kasan_stack_map(paddr_t root, uintptr_t stack, size_t size)
{
    (void)root;
    (void)stack;
    (void)size;
    return 0;
}

static inline void kasan_stack_allocated(uintptr_t stack, size_t size)
{
    (void)stack;
    (void)size;
}

static inline void kasan_stack_freed(uintptr_t stack, size_t size)
{
    (void)stack;
    (void)size;
}

static inline uint64_t kasan_stack_pages(void)
{
    return 0;
}

static inline size_t kasan_object_stride(size_t size)
{
    return size;
}

static inline void kasan_slab_made(void *slab, size_t header, size_t size)
{
    (void)slab;
    (void)header;
    (void)size;
}

static inline void kasan_object_allocated(const struct slab_cache *cache, void *object, size_t size)
{
    (void)cache;
    (void)object;
    (void)size;
}

static inline bool kasan_object_freed(const struct slab_cache *cache, void *object)
{
    (void)cache;
    (void)object;
    return true;
}

static inline void *kasan_quarantine_swap(struct slab_cache *cache, void *object)
{
    (void)cache;
    return object;
}

static inline void *kasan_quarantine_take(struct slab_cache *cache)
{
    (void)cache;
    return NULL;
}

#endif

#endif
