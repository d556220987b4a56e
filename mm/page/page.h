// SPDX-License-Identifier: MIT
/*
 * Physical pages: one struct page for each 4 KiB frame of RAM, and the buddy allocator over them.
 *
 * A block of order n is 2^n pages, aligned to its own size. There is a list of free blocks for each
 * order; a block that is freed joins its buddy while that is free too. Objects smaller than a page
 * are the business of the slab allocator (mm/page/slab.h), in this room too; what a page is used
 * for is its owner's.
 *
 * In front of the lists each CPU has a cache of a few single pages, which it takes from them and
 * gives back in batches. They count as free, and an allocation that finds no memory gets them. A
 * page table is all zeros when it is freed, so such pages are kept apart, and need no clearing when
 * a page of zeros is asked for.
 *
 * Locks are taken with interrupts off: interrupt handlers may allocate too.
 */
#ifndef MM_PAGE_PAGE_H
#define MM_PAGE_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bsd/sys/queue.h>

#include "arch/cpu/attach.h"
#include "arch/cpu/bug.h"
#include "arch/cpu/layout.h"
#include "arch/cpu/types.h"
#include "arch/lock/spinlock.h"
#include "mm/page/ram.h"

struct boot_info;
struct slab;

TAILQ_HEAD(page_chain, page);

#define PAGE_ORDER_MAX 10 /* 4 MiB */
#define PAGE_ORDER_2M  9
#define HUGE_PAGE_SIZE ((uintptr_t)1 << (PAGE_SHIFT + PAGE_ORDER_2M))

enum page_state {
    PAGE_NONE = 0, /* no block begins here: reserved, not RAM, or inside a block */
    PAGE_FREE,     /* first page of a free block */
    PAGE_USED,     /* first page of a block in use */
    PAGE_CACHED,   /* a single page in a CPU's cache */
};

struct page {
    uint32_t references; /* owners of a block in use; the block is freed when it becomes 0 */
    uint8_t state;       /* enum page_state */
    uint8_t order;       /* of the block, in its first page */
    bool is_zero;        /* a single page that is about to be freed: page_note_zero() */
    bool is_reserved;    /* an object's page that reads as a hole: mm/hole/holes.h */
    union {
        TAILQ_ENTRY(page) link; /* free: in the list of its order */
        struct slab *slab;      /* every page of a slab's block; NULL: kmalloc()'s own block */
    };
    uint64_t history; /* who had it last: sanitizers/ */
};

/* A power of two: the buddy of a block is found by flipping one bit of its page's address. */
_Static_assert(sizeof(struct page) == 32, "1/128 of memory");

/* PAGE_ZERO: the block is filled with zeros. */
enum page_flags {
    PAGE_ANY = 0,
    PAGE_ZERO = 1 << 0,
};

/*
 * Takes over the RAM (mm/page/ram.h) below 4 GiB, which is what the early tables map, except the
 * reserved ranges: the kernel image, the initramfs, boot data. The page array is carved out of the
 * RAM itself. Returns 0, or -ENOMEM if there is no room for the page array.
 */
int page_init(const struct boot_info *info, const struct page_range *reserved, size_t count);

/* Takes over the RAM above, once the direct map has it. Returns 0 or -ENOMEM likewise. */
int page_init_high(void);

/* Gives memory reserved at page_init(), such as the initramfs, to the allocator. */
void page_release_range(struct page_range range);

/*
 * A block of 2^order pages with one reference, or NULL if there is none. Its content is arbitrary
 * without PAGE_ZERO.
 */
struct page *page_alloc(unsigned int order, enum page_flags flags);

/*
 * The last free pages are kept for some tasks: the answer is how many must stay free when the
 * running task gets some. page_alloc() asks it, when few are left, with locks of the allocator.
 */
#define PAGES_KEPT_MAX 2048
EVENT(pages_are_kept, int, void);

/* Take and drop a reference to a block, by its first page. The last one frees it. */
void page_get(struct page *page);
void page_put(struct page *page);

/* A single page, about to be freed by its only owner, holds nothing but zeros. */
static inline void page_note_zero(struct page *page)
{
    page->is_zero = true;
}

/*
 * Splits a block in use of order n into 2^n blocks of order 0, each with the block's number of
 * references (for a large page that is split). No reference may come or go meanwhile.
 */
void page_split(struct page *page);

/*
 *   RAM      |#####################|..small hole..|########|      hole      |############|
 *   spans    |<------------------ span 0 ----------------->|                |<- span 1 ->|
 *
 * Each span has its own array of struct page, so a large hole costs nothing. It begins and ends at
 * a multiple of the largest block.
 */
#define PAGE_SPANS_MAX 16

struct page_span {
    uint64_t start, size;
    struct page *pages;
};

extern struct page_span page_spans[PAGE_SPANS_MAX];
extern unsigned int page_span_count;

/* NULL when the address lies in no span. */
static inline struct page *page_find(paddr_t address)
{
    for (unsigned int i = 0; i < page_span_count; i++) {
        uint64_t offset = address.value - page_spans[i].start;
        if (offset < page_spans[i].size)
            return page_spans[i].pages + (offset >> PAGE_SHIFT);
    }
    return NULL;
}

/* Conversions between pages, physical addresses and the direct map. The address must be of RAM. */
static inline struct page *page_of(paddr_t address)
{
    struct page *page = page_find(address);

    assert(page);
    return page;
}

static inline paddr_t page_paddr(const struct page *page)
{
    for (unsigned int i = 0; i < page_span_count; i++) {
        uint64_t offset = (uintptr_t)page - (uintptr_t)page_spans[i].pages;
        uint64_t address = offset / sizeof(struct page) << PAGE_SHIFT;
        if (address < page_spans[i].size)
            return paddr(page_spans[i].start + address);
    }
    bug("not a struct page");
}

static inline void *page_address(const struct page *page)
{
    return direct_map(page_paddr(page));
}

/* ---- for those who count and check ---- */

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

static inline uint64_t page_count_total(void)
{
    return __atomic_load_n(&page_counters.total, __ATOMIC_RELAXED);
}

/* Without those in the per-CPU caches. */
static inline uint64_t page_count_free(void)
{
    return __atomic_load_n(&page_counters.free, __ATOMIC_RELAXED);
}

/*
 * Has every CPU give back all pages of its cache, and add to the counters what it has done. Returns
 * how many pages there were.
 */
unsigned int page_drain(void);

/* ---- for mm/page/take_over.c ---- */

/* Makes all lists, before the first RAM is added. */
void page_init_lists(void);

/* A block of RAM that is new here, at its list's end: low memory is used first. */
void page_add(struct page *page, unsigned int order);

#endif
