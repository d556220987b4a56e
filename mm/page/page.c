// SPDX-License-Identifier: MIT
/*
 * The buddy allocator: free blocks by order, of which single pages are given out and taken back by
 * way of the CPU's cache.
 *
 * The buddy of a block is found by flipping one bit of its page's address, and lies in the same
 * array of struct page, because arrays begin and end with chunks, the largest blocks. A page is
 * looked at only if it is the first of some block. So of a chunk that is free as a whole only the
 * first page needs to be set up, and boot touches few of them. The pages of all other chunks begin
 * as PAGE_NONE.
 *
 * The pages of a per-CPU cache are a stack: the page freed last, which the CPU's data cache still
 * has, is given out first. The lock is rarely contended: other CPUs take it only when memory is
 * out, or to count. While free memory is low nothing is cached, so that no CPU fails to find a page
 * because others have more than they need.
 */
#include "mm/page/page.h"

#include "arch/cpu/bug.h"
#include "arch/cpu/check.h"
#include "arch/cpu/percpu.h"
#include "libc/include/string.h"

/* Cached pages are taken and given back in such batches, so there are at most twice as many. */
#define CACHE_BATCH 16
#define ZEROS_MAX   16
/* Below this many free pages none are cached. */
#define LOW_PAGES 1024

struct spinlock page_lock = SPINLOCK_INIT("pages");
struct page_chain free_blocks[PAGE_ORDER_MAX + 1];
struct page_counters page_counters;

/* A stack of single pages: the last one put in is the first to come out. */
struct page_stack {
    struct page_chain pages;
    unsigned int count;
};

/* Each CPU's pages in front of the lists: none at first. */
static struct cpu_cache {
    struct spinlock lock; /* covers all of it; taken before page_lock */
    struct page_stack any;
    struct page_stack zeros;      /* those that were freed with nothing but zeros in them */
    uint64_t allocations, zeroed; /* not yet in page_counters */
} __attribute__((aligned(64))) cpu_caches[CPU_MAX];

/* ---- blocks; page_lock is held ---- */

static struct page *buddy_of(const struct page *page, unsigned int order)
{
    return (struct page *)((uintptr_t)page ^ (sizeof(struct page) << order));
}

static void mark_free_locked(struct page *page, unsigned int order)
{
    page->references = 0;
    page->state = PAGE_FREE;
    page->order = (uint8_t)order;
}

static void unlink_free_locked(struct page *page)
{
    TAILQ_REMOVE(&free_blocks[page->order], page, link);
    page->state = PAGE_NONE;
}

/* Joins a block with its buddy as long as that is free. Gives the free block that comes out. */
static struct page *join_locked(struct page *page, unsigned int order)
{
    page_counters.free += 1ul << order;
    for (; order < PAGE_ORDER_MAX; order++) {
        struct page *buddy = buddy_of(page, order);
        if (buddy->state != PAGE_FREE || buddy->order != order)
            break;
        unlink_free_locked(buddy);
        page->state = PAGE_NONE;
        if (buddy < page)
            page = buddy;
    }
    mark_free_locked(page, order);
    return page;
}

static void free_locked(struct page *page)
{
    page = join_locked(page, page->order);
    TAILQ_INSERT_HEAD(&free_blocks[page->order], page, link);
}

/* A block of this order, cut from the smallest free one that is large enough. */
static struct page *take_locked(unsigned int order)
{
    unsigned int found = order;

    while (found <= PAGE_ORDER_MAX && TAILQ_EMPTY(&free_blocks[found]))
        found++;
    if (found > PAGE_ORDER_MAX)
        return NULL;
    struct page *page = TAILQ_FIRST(&free_blocks[found]);
    unlink_free_locked(page);
    while (found > order) {
        struct page *half = buddy_of(page, --found);
        mark_free_locked(half, found);
        TAILQ_INSERT_HEAD(&free_blocks[found], half, link);
    }
    page->order = (uint8_t)order;
    page_counters.free -= 1ul << order;
    return page;
}

/* Whether the running task may have so many of the free pages. */
static bool may_take_locked(uint64_t pages)
{
    return page_counters.free >= pages + PAGES_KEPT_MAX ||
           page_counters.free >= pages + (uint64_t)ASK(pages_are_kept);
}

/* ---- the per-CPU caches ---- */

static void push(struct page_stack *stack, struct page *page)
{
    page->state = PAGE_CACHED;
    TAILQ_INSERT_HEAD(&stack->pages, page, link);
    stack->count++;
}

static bool memory_is_low(void)
{
    return page_count_free() < LOW_PAGES;
}

/* Fills a stack up to so many pages, as far as there are any. */
static void take_batch(struct page_stack *stack, unsigned int wanted)
{
    struct page *page;

    spin_lock(&page_lock);
    while (stack->count < wanted && may_take_locked(1) && (page = take_locked(0)))
        push(stack, page);
    spin_unlock(&page_lock);
}

/* Gives back those that were put in first until no more than so many are left. */
static void give_batch_locked(struct page_stack *stack, unsigned int left)
{
    for (; stack->count > left; stack->count--) {
        struct page *page = TAILQ_LAST(&stack->pages, page_chain);
        TAILQ_REMOVE(&stack->pages, page, link);
        free_locked(page);
    }
}

/* Gives back all that a CPU has, and counts what it has done. */
static void give_back(struct cpu_cache *cache)
{
    spin_lock(&page_lock);
    give_batch_locked(&cache->any, 0);
    give_batch_locked(&cache->zeros, 0);
    page_counters.allocations += cache->allocations;
    page_counters.zeroed += cache->zeroed;
    cache->allocations = cache->zeroed = 0;
    spin_unlock(&page_lock);
}

unsigned int page_drain(void)
{
    unsigned int given = 0;

    for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
        struct cpu_cache *cache = &cpu_caches[cpu];
        uint64_t irq = spin_lock_irqsave(&cache->lock);
        given += cache->any.count + cache->zeros.count;
        give_back(cache);
        spin_unlock_irqrestore(&cache->lock, irq);
    }
    return given;
}

/* *filled: with PAGE_ZERO, whether the page is all zeros already. */
static struct page *alloc_single(enum page_flags flags, bool *filled)
{
    struct cpu_cache *cache = &cpu_caches[this_cpu_number()];
    uint64_t irq = spin_lock_irqsave(&cache->lock);

    *filled = (flags & PAGE_ZERO) && cache->zeros.count;
    struct page_stack *stack = *filled ? &cache->zeros : &cache->any;
    if (!stack->count)
        take_batch(stack, memory_is_low() ? 1 : CACHE_BATCH);
    struct page *page = TAILQ_FIRST(&stack->pages);
    if (page) {
        TAILQ_REMOVE(&stack->pages, page, link);
        stack->count--;
        cache->allocations++;
        if (!*filled)
            cache->zeroed += flags & PAGE_ZERO;
    }
    spin_unlock_irqrestore(&cache->lock, irq);
    return page;
}

static void free_single(struct page *page)
{
    struct cpu_cache *cache = &cpu_caches[this_cpu_number()];
    struct page_stack *stack = &cache->any;
    uint64_t irq = spin_lock_irqsave(&cache->lock);

    if (page->is_zero && cache->zeros.count < ZEROS_MAX)
        stack = &cache->zeros;
    push(stack, page);
    if (memory_is_low()) {
        give_back(cache);
    } else if (cache->any.count > 2 * CACHE_BATCH) {
        spin_lock(&page_lock);
        give_batch_locked(&cache->any, CACHE_BATCH);
        spin_unlock(&page_lock);
    }
    spin_unlock_irqrestore(&cache->lock, irq);
}

/* ---- allocating ---- */

static struct page *alloc_block(unsigned int order, enum page_flags flags)
{
    uint64_t irq = spin_lock_irqsave(&page_lock);
    struct page *page = may_take_locked(1ul << order) ? take_locked(order) : NULL;

    if (page) {
        page_counters.allocations++;
        page_counters.zeroed += flags & PAGE_ZERO ? 1ul << order : 0;
    }
    spin_unlock_irqrestore(&page_lock, irq);
    return page;
}

struct page *page_alloc(unsigned int order, enum page_flags flags)
{
    struct page *page;
    bool filled = false;

    assert(order <= PAGE_ORDER_MAX);
    do
        page = order ? alloc_block(order, flags) : alloc_single(flags, &filled);
    while (!page && page_drain());
    if (!page)
        return NULL;
    kasan_pages_allocated(page, order);
    page->state = PAGE_USED;
    page->is_zero = false;
    page->is_reserved = false;
    page->references = 1;
    poison_pages_taken(page, order, filled);
    if ((flags & PAGE_ZERO) && !filled)
        memset(page_address(page), 0, PAGE_SIZE << order);
    return page;
}

void page_get(struct page *page)
{
    assert(page->state == PAGE_USED);
    __atomic_fetch_add(&page->references, 1, __ATOMIC_RELAXED);
}

/* The last reference is gone. Not inlined, so that page_put() of a shared page is short. */
static __attribute__((noinline)) void free_block(struct page *page, const void *freed_by)
{
    poison_pages_freed(page, freed_by);
    kasan_pages_freed(page, page->order);
    if (page->order == 0) {
        free_single(page);
        return;
    }
    uint64_t irq = spin_lock_irqsave(&page_lock);
    free_locked(page);
    spin_unlock_irqrestore(&page_lock, irq);
}

void page_put(struct page *page)
{
    assert(page->state == PAGE_USED);
    uint32_t before = __atomic_fetch_sub(&page->references, 1, __ATOMIC_ACQ_REL);
    assert(before);
    if (before == 1)
        free_block(page, POISON_CALLER);
}

void page_split(struct page *page)
{
    size_t count = 1ul << page->order;

    assert(page->state == PAGE_USED);
    for (size_t i = 0; i < count; i++) {
        page[i].references = page->references;
        page[i].state = PAGE_USED;
        page[i].order = 0;
        page[i].is_zero = false;
        page[i].is_reserved = false;
    }
    uint64_t irq = spin_lock_irqsave(&page_lock);
    page_counters.allocations += count - 1;
    spin_unlock_irqrestore(&page_lock, irq);
}

/* ---- taking over ---- */

void page_init_lists(void)
{
    for (unsigned int order = 0; order <= PAGE_ORDER_MAX; order++)
        TAILQ_INIT(&free_blocks[order]);
    for (unsigned int cpu = 0; cpu < CPU_MAX; cpu++) {
        cpu_caches[cpu].lock.name = "per-CPU pages";
        TAILQ_INIT(&cpu_caches[cpu].any.pages);
        TAILQ_INIT(&cpu_caches[cpu].zeros.pages);
    }
}

void page_add(struct page *page, unsigned int order)
{
    kasan_pages_freed(page, order);

    uint64_t irq = spin_lock_irqsave(&page_lock);
    page_counters.total += 1ul << order;
    page = join_locked(page, order);
    TAILQ_INSERT_TAIL(&free_blocks[page->order], page, link);
    spin_unlock_irqrestore(&page_lock, irq);
}
