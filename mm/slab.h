// SPDX-License-Identifier: MIT
/*
 * Kernel objects: caches of one size each, and kmalloc() over a row of such caches.
 *
 * A slab is a block of pages cut into objects of equal size; free objects are chained through
 * their own first word. Whole empty slabs go back to the page allocator, but for one a cache, which
 * slab_release_empty() gives back.
 *
 * Locks are taken with interrupts off: interrupt handlers may allocate too.
 */
#ifndef MM_SLAB_H
#define MM_SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bsd/sys/queue.h>

#include "arch/spinlock.h"
#include "sanitizers/kasan.h"

struct slab;

struct slab_cache {
    const char *name;
    size_t object_size;  /* bytes, as asked for */
    size_t stride;       /* bytes from one object to the next: a multiple of the alignment */
    size_t first_object; /* bytes from the slab's start */
    unsigned int order;  /* of the page blocks */
    unsigned int objects_per_slab;
    struct spinlock lock;                /* covers all below, and the slabs */
    TAILQ_HEAD(slab_list, slab) partial; /* slabs with a free object; wholly free ones last */
    unsigned int empty_slabs;            /* how many of them are wholly free: 0 or 1 */
    uint64_t used;                       /* objects in use now */
    uint64_t allocations, frees;
    uint64_t slabs;
    struct kasan_quarantine quarantine;
    SLIST_ENTRY(slab_cache) link; /* in the list of all caches */
};

/*
 * Makes a cache of objects of size bytes (at most 4096), aligned to align (a power of two, at most
 * 4096).
 */
void slab_cache_init(struct slab_cache *cache, const char *name, size_t size, size_t align);

/* An object with arbitrary content, or NULL when memory is out. */
void *slab_alloc(struct slab_cache *cache);
void *slab_alloc_zeroed(struct slab_cache *cache);
void slab_free(struct slab_cache *cache, void *object);

/* Must run before the first kmalloc(). */
void slab_init(void);

/* Memory of any size up to 4 MiB, aligned to 16; NULL when memory is out. kfree(NULL) is fine. */
void *kmalloc(size_t size);
void *kzalloc(size_t size);
void kfree(void *object);

/* The object that an address in a slab belongs to, used or not, with the red zone behind it. */
struct slab_place {
    const struct slab_cache *cache;
    const void *object;
};

/* False for the slab's own part. For a check that has found a mistake; it takes no lock. */
bool slab_find(const void *address, struct slab_place *place);

/* Gives back the slabs that are kept without an object. */
void slab_release_empty(void);

/* Objects in use in all caches, kmalloc's included: a test compares it before and after. */
uint64_t slab_objects_in_use(void);

/* Calls visit for each cache, the latest first. */
void slab_for_each(void (*visit)(const struct slab_cache *cache, void *context), void *context);

#endif
