// SPDX-License-Identifier: MIT
/*
 * The slab allocator, and kmalloc() over it. A slab describes itself in its first bytes:
 *
 *   +-------------+---------+---------+-- --+---------+-----------------+
 *   | struct slab | object  | object  | ... | object  | never given out |
 *   +-------------+---------+---------+-- --+---------+-----------------+
 *   0             first_object        + stride        first_object + stride * fresh
 *
 * Freed objects are given out first, then new ones in the order of their addresses, so that a new
 * slab needs no preparation. The struct page of each of its pages points to the slab, which is how
 * kfree() finds it.
 */
#include "mm/page/slab.h"

#include "arch/cpu/bug.h"
#include "arch/cpu/check.h"
#include "arch/cpu/types.h"
#include "libc/include/string.h"
#include "mm/page/page.h"

#define SLAB_ORDER_MAX 3
#define OBJECT_MAX     4096

static struct spinlock list_lock = SPINLOCK_INIT("list of slab caches");
struct slab_cache_list all_slab_caches = SLIST_HEAD_INITIALIZER(all_slab_caches);

/* ---- caches ---- */

void slab_cache_init(struct slab_cache *cache, const char *name, size_t size, size_t align)
{
    assert(size > 0 && size <= OBJECT_MAX && align <= OBJECT_MAX && !(align & (align - 1)));
    if (align < sizeof(void *))
        align = sizeof(void *);
    *cache = (struct slab_cache){
        .name = name,
        .object_size = size,
        .stride = align_up(kasan_object_stride(size), align),
        .first_object = align_up(sizeof(struct slab) + KASAN_RED_ZONE, align),
        .lock = SPINLOCK_INIT(name),
    };
    TAILQ_INIT(&cache->partial);
    /* With room for seven objects little is wasted at the end. */
    while (cache->order < SLAB_ORDER_MAX && PAGE_SIZE << cache->order < 8 * cache->stride)
        cache->order++;
    cache->objects_per_slab =
        (unsigned int)(((PAGE_SIZE << cache->order) - cache->first_object) / cache->stride);

    uint64_t irq = spin_lock_irqsave(&list_lock);
    SLIST_INSERT_HEAD(&all_slab_caches, cache, link);
    spin_unlock_irqrestore(&list_lock, irq);
}

/* ---- slabs; the cache's lock is held, inside which the page allocator takes its own ---- */

static struct slab *grow_locked(struct slab_cache *cache)
{
    struct page *block = page_alloc(cache->order, PAGE_ANY);

    if (!block)
        return NULL;
    struct slab *slab = page_address(block);
    *slab = (struct slab){.cache = cache};
    for (size_t i = 0; i < 1ul << cache->order; i++)
        block[i].slab = slab;
    kasan_slab_made(slab, sizeof(*slab), PAGE_SIZE << cache->order);
    TAILQ_INSERT_TAIL(&cache->partial, slab, link);
    cache->empty_slabs++;
    cache->slabs++;
    return slab;
}

static void *take_locked(struct slab_cache *cache)
{
    struct slab *slab = TAILQ_FIRST(&cache->partial);
    void *object;

    if (!slab)
        slab = grow_locked(cache);
    if (!slab)
        return NULL;
    if (slab->used == 0)
        cache->empty_slabs--;
    bool was_freed = slab->freed;
    if (was_freed) {
        object = slab->freed;
        slab->freed = *(void **)object;
    } else {
        object = (char *)slab + cache->first_object + cache->stride * slab->fresh++;
    }
    poison_object_taken(cache->name, object, cache->object_size, was_freed);
    if (++slab->used == cache->objects_per_slab)
        TAILQ_REMOVE(&cache->partial, slab, link);
    cache->used++;
    return object;
}

/* A slab without objects in use is kept, at the list's end, if there is no other such slab. */
static void retire_locked(struct slab_cache *cache, struct slab *slab)
{
    TAILQ_REMOVE(&cache->partial, slab, link);
    if (cache->empty_slabs) {
        cache->slabs--;
        page_put(page_of(direct_map_paddr(slab)));
    } else {
        TAILQ_INSERT_TAIL(&cache->partial, slab, link);
        cache->empty_slabs = 1;
    }
}

static inline void put_locked(struct slab_cache *cache, void *object, const void *freed_by)
{
    struct slab *slab = slab_of(object);

    poison_object_freed(object, cache->object_size, freed_by);
    *(void **)object = slab->freed;
    slab->freed = object;
    if (slab->used == cache->objects_per_slab)
        TAILQ_INSERT_HEAD(&cache->partial, slab, link);
    if (--slab->used == 0)
        retire_locked(cache, slab);
}

void slab_put_locked(struct slab_cache *cache, void *object, const void *freed_by)
{
    put_locked(cache, object, freed_by);
}

/* ---- objects ---- */

/* size: what was asked for, at most the cache's. */
static void *take(struct slab_cache *cache, size_t size)
{
    uint64_t irq = spin_lock_irqsave(&cache->lock);
    void *object = take_locked(cache);
    spin_unlock_irqrestore(&cache->lock, irq);
    if (object)
        kasan_object_allocated(cache, object, size);
    return object;
}

void *slab_alloc(struct slab_cache *cache)
{
    return take(cache, cache->object_size);
}

void *slab_alloc_zeroed(struct slab_cache *cache)
{
    void *object = slab_alloc(cache);

    if (object)
        memset(object, 0, cache->object_size);
    return object;
}

/* freed_by: the caller, for the checks on the use of freed memory. */
static void free_object(struct slab_cache *cache, struct slab *slab, void *object,
                        const void *freed_by)
{
    size_t offset = (size_t)((char *)object - (char *)slab) - cache->first_object;

    assert(slab->cache == cache && slab->used && offset % cache->stride == 0);
    if (!kasan_object_freed(cache, object))
        return;
    uint64_t irq = spin_lock_irqsave(&cache->lock);
    cache->used--;
    object = kasan_quarantine_swap(cache, object);
    if (object)
        put_locked(cache, object, freed_by);
    spin_unlock_irqrestore(&cache->lock, irq);
}

void slab_free(struct slab_cache *cache, void *object)
{
    free_object(cache, slab_of(object), object, POISON_CALLER);
}

/* ---- kmalloc(): a row of caches, and blocks of pages for what is larger ---- */

#define CLASS(bytes)             \
    {                            \
        bytes, "kmalloc-" #bytes \
    }

static const struct {
    size_t size;
    const char *name;
} classes[] = {
    CLASS(16),  CLASS(32),  CLASS(48),  CLASS(64),  CLASS(96),   CLASS(128),  CLASS(192),
    CLASS(256), CLASS(384), CLASS(512), CLASS(768), CLASS(1024), CLASS(1536), CLASS(2048),
};

#define KMALLOC_ALIGN 16
#define KMALLOC_MAX   2048 /* of a class */

static struct slab_cache kmalloc_caches[array_size(classes)];
static uint8_t class_of_size[KMALLOC_MAX / KMALLOC_ALIGN + 1]; /* by size / 16, rounded up */
uint64_t kmalloc_blocks;

void slab_init(void)
{
    size_t class = 0;

    for (size_t i = 0; i < array_size(classes); i++)
        slab_cache_init(&kmalloc_caches[i], classes[i].name, classes[i].size, KMALLOC_ALIGN);
    for (size_t i = 0; i < array_size(class_of_size); i++) {
        if (i * KMALLOC_ALIGN > classes[class].size)
            class ++;
        class_of_size[i] = (uint8_t) class;
    }
}

static void *alloc_block(size_t size)
{
    unsigned int order = 0;

    while (order < PAGE_ORDER_MAX && PAGE_SIZE << order < size)
        order++;
    if (PAGE_SIZE << order < size)
        return NULL;
    struct page *block = page_alloc(order, PAGE_ANY);
    if (!block)
        return NULL;
    block->slab = NULL;
    kasan_pages_limit(block, size);
    __atomic_fetch_add(&kmalloc_blocks, 1, __ATOMIC_RELAXED);
    return page_address(block);
}

void *kmalloc(size_t size)
{
    if (size > KMALLOC_MAX)
        return alloc_block(size);
    return take(&kmalloc_caches[class_of_size[(size + KMALLOC_ALIGN - 1) / KMALLOC_ALIGN]], size);
}

void *kzalloc(size_t size)
{
    void *object = kmalloc(size);

    if (object)
        memset(object, 0, size);
    return object;
}

void kfree(void *object)
{
    if (!object)
        return;
    struct page *page = page_of(direct_map_paddr(object));
    if (page->slab) {
        free_object(page->slab->cache, page->slab, object, POISON_CALLER);
        return;
    }
    __atomic_fetch_sub(&kmalloc_blocks, 1, __ATOMIC_RELAXED);
    page_put(page);
}
