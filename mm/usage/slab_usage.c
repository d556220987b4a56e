// SPDX-License-Identifier: MIT
#include "arch/cpu/check.h"
#include "mm/usage/usage.h"

static void release_empty_locked(struct slab_cache *cache)
{
    void *object;

    while ((object = kasan_quarantine_take(cache)))
        slab_put_locked(cache, object, NULL);
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

    SLIST_FOREACH (cache, &all_slab_caches, link) {
        uint64_t irq = spin_lock_irqsave(&cache->lock);
        release_empty_locked(cache);
        spin_unlock_irqrestore(&cache->lock, irq);
    }
}

static void add_used(const struct slab_cache *cache, void *context)
{
    *(uint64_t *)context += __atomic_load_n(&cache->used, __ATOMIC_RELAXED);
}

uint64_t slab_objects_in_use(void)
{
    uint64_t used = __atomic_load_n(&kmalloc_blocks, __ATOMIC_RELAXED);

    slab_for_each(add_used, &used);
    return used;
}

void slab_for_each(void (*visit)(const struct slab_cache *cache, void *context), void *context)
{
    const struct slab_cache *cache;

    SLIST_FOREACH (cache, &all_slab_caches, link)
        visit(cache, context);
}
