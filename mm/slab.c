// SPDX-License-Identifier: MIT
/*
 * The slab allocator. A slab describes itself in its first bytes:
 *
 *   +-------------+---------+---------+-- --+---------+-----------------+
 *   | struct slab | object  | object  | ... | object  | never given out |
 *   +-------------+---------+---------+-- --+---------+-----------------+
 *   0             first_object        + stride        first_object + stride * fresh
 *
 * Objects are given out from the chain of freed ones, then in the order of their addresses, so
 * that a new slab needs no preparation. Every page of its block names the slab, which is how
 * kfree() finds it.
 */
#include "mm/slab.h"

#include "arch/bug.h"
#include "arch/types.h"
#include "libc/include/string.h"
#include "mm/page.h"
#include "mm/poison_check.h"

struct slab {
    TAILQ_ENTRY(slab) link; /* in the cache's list, while an object is free */
    struct slab_cache *cache;
    void *freed; /* chain of freed objects */
    unsigned int used;
    unsigned int fresh; /* objects that were given out at least once */
};

#define SLAB_ORDER_MAX 3
#define OBJECT_MAX     4096

static struct spinlock list_lock = SPINLOCK_INIT("list of slab caches");
static SLIST_HEAD(, slab_cache) all_caches = SLIST_HEAD_INITIALIZER(all_caches);

/* ---- caches ---- */

/* Bytes of a slab of this order that no object uses. */
static size_t waste(const struct slab_cache *cache, unsigned int order)
{
    size_t size = PAGE_SIZE << order;

    if (size < cache->first_object + cache->stride)
        return size;
    return cache->first_object + (size - cache->first_object) % cache->stride;
}

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
    while (cache->order < SLAB_ORDER_MAX &&
           waste(cache, cache->order) > (PAGE_SIZE << cache->order) / 8)
        cache->order++;
    cache->objects_per_slab =
        (unsigned int)(((PAGE_SIZE << cache->order) - cache->first_object) / cache->stride);

    uint64_t irq = spin_lock_irqsave(&list_lock);
    SLIST_INSERT_HEAD(&all_caches, cache, link);
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
    cache->allocations++;
    return object;
}

/* A slab whose last object was freed: kept at the list's end if it is the only such one. */
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

static struct slab *slab_of(const void *object)
{
    return page_of(direct_map_paddr(object))->slab;
}

static void put_locked(struct slab_cache *cache, void *object, const void *freed_by)
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

/* ---- objects ---- */

/* size: what was asked for, at most the cache's. */
static void *alloc_object(struct slab_cache *cache, size_t size)
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
    return alloc_object(cache, cache->object_size);
}

void *slab_alloc_zeroed(struct slab_cache *cache)
{
    void *object = slab_alloc(cache);

    if (object)
        memset(object, 0, cache->object_size);
    return object;
}

static void free_object(struct slab_cache *cache, struct slab *slab, void *object,
                        const void *freed_by)
{
    size_t offset = (size_t)((char *)object - (char *)slab) - cache->first_object;

    assert(slab->cache == cache && slab->used && offset % cache->stride == 0);
    if (!kasan_object_freed(cache, object))
        return;
    uint64_t irq = spin_lock_irqsave(&cache->lock);
    cache->used--;
    cache->frees++;
    object = kasan_quarantine_swap(cache, object);
    if (object)
        put_locked(cache, object, freed_by);
    spin_unlock_irqrestore(&cache->lock, irq);
}

void slab_free(struct slab_cache *cache, void *object)
{
    free_object(cache, slab_of(object), object, POISON_CALLER);
}

/* ---- kmalloc ---- */

/* Larger ones are page blocks. */
static const struct {
    size_t size;
    const char *name;
} classes[] = {
    {16, "kmalloc-16"},     {32, "kmalloc-32"},     {48, "kmalloc-48"},   {64, "kmalloc-64"},
    {96, "kmalloc-96"},     {128, "kmalloc-128"},   {192, "kmalloc-192"}, {256, "kmalloc-256"},
    {384, "kmalloc-384"},   {512, "kmalloc-512"},   {768, "kmalloc-768"}, {1024, "kmalloc-1024"},
    {1536, "kmalloc-1536"}, {2048, "kmalloc-2048"},
};

#define KMALLOC_ALIGN 16
#define KMALLOC_MAX   2048 /* of a class */

static struct slab_cache kmalloc_caches[array_size(classes)];
static uint8_t class_of_size[KMALLOC_MAX / KMALLOC_ALIGN + 1]; /* by size / 16, rounded up */
static uint64_t blocks_in_use;

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
    __atomic_fetch_add(&blocks_in_use, 1, __ATOMIC_RELAXED);
    return page_address(block);
}

void *kmalloc(size_t size)
{
    if (size > KMALLOC_MAX)
        return alloc_block(size);
    return alloc_object(&kmalloc_caches[class_of_size[(size + KMALLOC_ALIGN - 1) / KMALLOC_ALIGN]],
                        size);
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
    __atomic_fetch_sub(&blocks_in_use, 1, __ATOMIC_RELAXED);
    page_put(page);
}

/* ---- giving back ---- */

static void release_empty_locked(struct slab_cache *cache)
{
    void *object;

    while ((object = kasan_quarantine_take(cache)))
        put_locked(cache, object, NULL);
    struct slab *slab = TAILQ_LAST(&cache->partial, slab_list);

    if (!slab || slab->used)
        return;
    TAILQ_REMOVE(&cache->partial, slab, link);
    cache->empty_slabs--;
    cache->slabs--;
    page_put(page_of(direct_map_paddr(slab)));
}

void slab_release_empty(void)
{
    struct slab_cache *cache;

    SLIST_FOREACH (cache, &all_caches, link) {
        uint64_t irq = spin_lock_irqsave(&cache->lock);
        release_empty_locked(cache);
        spin_unlock_irqrestore(&cache->lock, irq);
    }
}

/* ---- questions ---- */

bool slab_find(const void *address, struct slab_place *place)
{
    const struct slab *slab = slab_of(address);
    size_t offset = (size_t)((const char *)address - (const char *)slab);

    if (!slab || offset < slab->cache->first_object)
        return false;
    offset -= (offset - slab->cache->first_object) % slab->cache->stride;
    *place = (struct slab_place){slab->cache, (const char *)slab + offset};
    return true;
}

/* ---- counters ---- */

static void add_used(const struct slab_cache *cache, void *context)
{
    *(uint64_t *)context += __atomic_load_n(&cache->used, __ATOMIC_RELAXED);
}

uint64_t slab_objects_in_use(void)
{
    uint64_t used = __atomic_load_n(&blocks_in_use, __ATOMIC_RELAXED);

    slab_for_each(add_used, &used);
    return used;
}

/* A cache is never removed and the list grows at its head only, so it is read without the lock. */
void slab_for_each(void (*visit)(const struct slab_cache *cache, void *context), void *context)
{
    const struct slab_cache *cache;

    SLIST_FOREACH (cache, &all_caches, link)
        visit(cache, context);
}
