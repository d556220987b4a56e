// SPDX-License-Identifier: MIT
/*
 * Kernel objects: caches of one size each, and kmalloc() over a row of such caches.
 *
 * A slab is a block of pages cut into objects of equal size; free objects are chained through their
 * own first word. Empty slabs return to the page allocator, except one per cache, which
 * slab_release_empty() returns.
 *
 * Locks are taken with interrupts off: interrupt handlers may allocate too.
 */
#ifndef MM_PAGE_SLAB_H
#define MM_PAGE_SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bsd/sys/queue.h>

#include "arch/cpu/check.h"
#include "arch/lock/spinlock.h"
#include "mm/page/page.h"

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

/* ---- for code that counts and checks ---- */

/* What a slab has in its first bytes (mm/page/slab.c). */
struct slab {
    TAILQ_ENTRY(slab) link; /* in the cache's list, while an object is free */
    struct slab_cache *cache;
    void *freed; /* chain of freed objects */
    unsigned int used;
    unsigned int fresh; /* objects that were given out at least once */
};

SLIST_HEAD(slab_cache_list, slab_cache);
/* The latest first. Caches are never removed, so readers take no lock. */
extern struct slab_cache_list all_slab_caches;
/* Blocks of pages that kmalloc() has given out; lock: none, atomic. */
extern uint64_t kmalloc_blocks;

/* The slab that an object is in; NULL for a block of kmalloc()'s. */
static inline struct slab *slab_of(const void *object)
{
    return page_of(direct_map_paddr(object))->slab;
}

/* Puts a free object back into its slab; with the cache's lock. */
void slab_put_locked(struct slab_cache *cache, void *object, const void *freed_by);

#endif
