// SPDX-License-Identifier: MIT
/*
 * The buddy allocator behind mm/page/page.c, and who counts or checks it: the free blocks, by
 * order, and what CPUs have at hand.
 *
 *   RAM      |#####################|..small hole..|########|      hole      |############|
 *   spans    |<------------------ span 0 ----------------->|                |<- span 1 ->|
 *
 * Each span has its own array of struct page, so a large hole costs nothing. A span begins and
 * ends at a multiple of the largest block, a chunk, and its array is aligned likewise. So the
 * buddy of a block is found by flipping one bit of its page's address, and never lies outside.
 *
 * A page is looked at only if it is the first of some block. So of a chunk that is free as a whole
 * only the first page needs to be set up, and boot touches few of them. The pages of all other
 * chunks begin as PAGE_NONE.
 */
#ifndef MM_PAGE_BUDDY_H
#define MM_PAGE_BUDDY_H

#include "arch/cpu/percpu.h"
#include "arch/lock/spinlock.h"
#include "mm/page/page.h"

struct page_counters {
    uint64_t total;       /* pages under the allocator */
    uint64_t free;        /* of them, in free blocks */
    uint64_t allocations; /* blocks given out since boot */
    uint64_t zeroed;      /* pages filled with zeros since boot */
};

/* Covers what follows, and state, order and link of every page that is not in use. */
extern struct spinlock page_lock;
extern struct page_chain free_blocks[PAGE_ORDER_MAX + 1]; /* lock: pages */
extern struct page_counters page_counters;                /* lock: pages */

/* Single pages of which the one put in last comes out first. */
struct page_stack {
    struct page_chain pages;
    unsigned int count;
};

static inline void page_stack_push(struct page_stack *stack, struct page *page)
{
    page->state = PAGE_AT_HAND;
    TAILQ_INSERT_HEAD(&stack->pages, page, link);
    stack->count++;
}

/* What each CPU has at hand in front of the lists (mm/page/page.c): nothing at first. */
struct pages_at_hand {
    struct spinlock lock; /* covers all of it; taken before page_lock */
    struct page_stack any;
    struct page_stack zeros; /* those that were freed with nothing but zeros in them */
    uint64_t allocations, zeroed;
} __attribute__((aligned(64)));

extern struct pages_at_hand at_hand[CPU_MAX];

/* Makes all lists, before the first RAM is added. */
void page_init_lists(void);

/* Has every CPU give back all it has at hand. Returns how many pages there were. */
unsigned int page_drain(void);

/* A block, to be set up, or NULL. */
struct page *buddy_alloc(unsigned int order, enum page_flags flags);

/* Takes back a block that was in use. */
void buddy_free(struct page *page);

/*
 * Fills a stack up to so many pages, as far as there are any; gives back those that were put in
 * first until no more than so many are left. With interrupts off.
 */
void buddy_take_batch(struct page_stack *stack, unsigned int wanted);
void buddy_give_batch(struct page_stack *stack, unsigned int left);

/* A block of RAM that the allocator has not had yet, at its list's end: low memory is used first.
 */
void buddy_add(struct page *page, unsigned int order);

#endif
