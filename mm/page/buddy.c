// SPDX-License-Identifier: MIT
#include "mm/page/buddy.h"

#include "arch/cpu/check.h"

struct spinlock page_lock = SPINLOCK_INIT("pages");
struct page_chain free_blocks[PAGE_ORDER_MAX + 1];
struct page_counters page_counters;

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

/* Joins a block with its buddy as long as that is free. Gives the first page of what comes out. */
static struct page *join_locked(struct page *page, unsigned int *order)
{
    while (*order < PAGE_ORDER_MAX) {
        struct page *buddy = buddy_of(page, *order);
        if (buddy->state != PAGE_FREE || buddy->order != *order)
            break;
        unlink_free_locked(buddy);
        page->state = PAGE_NONE;
        if (buddy < page)
            page = buddy;
        ++*order;
    }
    return page;
}

static void free_locked(struct page *page, unsigned int order)
{
    page_counters.free += 1ul << order;
    page = join_locked(page, &order);
    mark_free_locked(page, order);
    TAILQ_INSERT_HEAD(&free_blocks[order], page, link);
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
    page_counters.free -= 1ul << order;
    return page;
}

/* Whether the running task may have so many of the pages that are free. */
static bool may_take_locked(uint64_t pages)
{
    return page_counters.free >= pages + PAGES_KEPT_MAX ||
           page_counters.free >= pages + (uint64_t)ASK(pages_are_kept);
}

/* ---- for those who do not hold it ---- */

struct page *buddy_alloc(unsigned int order, enum page_flags flags)
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

void buddy_free(struct page *page)
{
    uint64_t irq = spin_lock_irqsave(&page_lock);

    free_locked(page, page->order);
    spin_unlock_irqrestore(&page_lock, irq);
}

void buddy_take_batch(struct page_stack *stack, unsigned int wanted)
{
    struct page *page;

    spin_lock(&page_lock);
    while (stack->count < wanted && may_take_locked(1) && (page = take_locked(0)))
        page_stack_push(stack, page);
    spin_unlock(&page_lock);
}

void buddy_give_batch(struct page_stack *stack, unsigned int left)
{
    if (stack->count <= left)
        return;
    spin_lock(&page_lock);
    for (; stack->count > left; stack->count--) {
        struct page *page = TAILQ_LAST(&stack->pages, page_chain);
        TAILQ_REMOVE(&stack->pages, page, link);
        free_locked(page, 0);
    }
    spin_unlock(&page_lock);
}

void buddy_add(struct page *page, unsigned int order)
{
    kasan_pages_freed(page, order);

    uint64_t irq = spin_lock_irqsave(&page_lock);
    page_counters.total += 1ul << order;
    page_counters.free += 1ul << order;
    page = join_locked(page, &order);
    mark_free_locked(page, order);
    TAILQ_INSERT_TAIL(&free_blocks[order], page, link);
    spin_unlock_irqrestore(&page_lock, irq);
}
