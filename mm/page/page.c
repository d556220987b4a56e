// SPDX-License-Identifier: MIT
/*
 * Giving pages out and taking them back: single ones by way of those that the CPU has at hand.
 *
 * The pages that a CPU has at hand are a stack: the page freed last, which its cache still knows,
 * is given out first. Its lock is hardly ever waited for; others take it only when memory is out,
 * or to count. While free memory is low nothing is kept at hand, so that no CPU fails to find a
 * page because others are about to have more than they need.
 */
#include "mm/page/page.h"

#include "arch/cpu/bug.h"
#include "arch/cpu/check.h"
#include "arch/cpu/percpu.h"
#include "libc/include/string.h"
#include "mm/page/buddy.h"

/* Pages at hand: taken and given back that many at a time, so at most twice as many. */
#define AT_HAND_BATCH 16
#define ZEROS_MAX     16
/* Below this many free pages none are kept at hand. */
#define LOW_PAGES 1024

struct pages_at_hand at_hand[CPU_MAX];

/* ---- pages at hand ---- */

void page_init_lists(void)
{
    for (unsigned int order = 0; order <= PAGE_ORDER_MAX; order++)
        TAILQ_INIT(&free_blocks[order]);
    for (unsigned int cpu = 0; cpu < CPU_MAX; cpu++) {
        at_hand[cpu].lock.name = "pages at hand";
        TAILQ_INIT(&at_hand[cpu].any.pages);
        TAILQ_INIT(&at_hand[cpu].zeros.pages);
    }
}

static bool memory_is_low(void)
{
    return page_count_free() < LOW_PAGES;
}

/* All of it. */
static void give_back_locked(struct pages_at_hand *hand)
{
    buddy_give_batch(&hand->any, 0);
    buddy_give_batch(&hand->zeros, 0);
}

unsigned int page_drain(void)
{
    unsigned int given = 0;

    for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
        struct pages_at_hand *hand = &at_hand[cpu];
        uint64_t irq = spin_lock_irqsave(&hand->lock);
        given += hand->any.count + hand->zeros.count;
        give_back_locked(hand);
        spin_unlock_irqrestore(&hand->lock, irq);
    }
    return given;
}

/* *filled: with PAGE_ZERO, whether the page holds nothing but zeros already. */
static struct page *alloc_single(enum page_flags flags, bool *filled)
{
    struct pages_at_hand *hand = &at_hand[this_cpu_number()];
    uint64_t irq = spin_lock_irqsave(&hand->lock);

    *filled = (flags & PAGE_ZERO) && hand->zeros.count;
    struct page_stack *stack = *filled ? &hand->zeros : &hand->any;
    if (!stack->count)
        buddy_take_batch(stack, memory_is_low() ? 1 : AT_HAND_BATCH);
    struct page *page = TAILQ_FIRST(&stack->pages);
    if (page) {
        TAILQ_REMOVE(&stack->pages, page, link);
        stack->count--;
        hand->allocations++;
        if (!*filled)
            hand->zeroed += flags & PAGE_ZERO;
    }
    spin_unlock_irqrestore(&hand->lock, irq);
    return page;
}

static void free_single(struct page *page)
{
    struct pages_at_hand *hand = &at_hand[this_cpu_number()];
    struct page_stack *stack = &hand->any;
    uint64_t irq = spin_lock_irqsave(&hand->lock);

    if (page->is_zero && hand->zeros.count < ZEROS_MAX)
        stack = &hand->zeros;
    page_stack_push(stack, page);
    if (memory_is_low())
        give_back_locked(hand);
    else if (hand->any.count > 2 * AT_HAND_BATCH)
        buddy_give_batch(&hand->any, AT_HAND_BATCH);
    spin_unlock_irqrestore(&hand->lock, irq);
}

/* ---- allocating ---- */

struct page *page_alloc(unsigned int order, enum page_flags flags)
{
    struct page *page;
    bool filled = false;

    assert(order <= PAGE_ORDER_MAX);
    do
        page = order ? buddy_alloc(order, flags) : alloc_single(flags, &filled);
    while (!page && page_drain());
    if (!page)
        return NULL;
    kasan_pages_allocated(page, order);
    page->state = PAGE_USED;
    page->order = (uint8_t)order;
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

/* The last reference has gone. Apart from page_put(), whose way for shared pages is short. */
static __attribute__((noinline)) void free_block(struct page *page, const void *freed_by)
{
    poison_pages_freed(page, freed_by);
    kasan_pages_freed(page, page->order);
    if (page->order == 0)
        free_single(page);
    else
        buddy_free(page);
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

uint64_t page_count_total(void)
{
    return __atomic_load_n(&page_counters.total, __ATOMIC_RELAXED);
}

uint64_t page_count_free(void)
{
    return __atomic_load_n(&page_counters.free, __ATOMIC_RELAXED);
}
