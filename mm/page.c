// SPDX-License-Identifier: MIT
/*
 * The buddy allocator.
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
 *
 * The pages that a CPU has at hand are a stack: the page freed last, which its cache still knows,
 * is given out first. Its lock is hardly ever waited for; others take it only when memory is out,
 * or to count. While free memory is low nothing is kept at hand, so that no CPU fails to find a
 * page because others are about to have more than they need.
 */
#include "mm/page.h"

#include <stdbool.h>

#include <asm/errno.h>

#include "arch/bug.h"
#include "arch/check.h"
#include "arch/percpu.h"
#include "arch/spinlock.h"
#include "libc/include/string.h"
#include "mm/poison_check.h"
#include "sanitizers/kasan.h"

#define EARLY_MAP_END 0x100000000ul /* boot/'s tables map this much of the direct map */
#define CHUNK_SIZE    (PAGE_SIZE << PAGE_ORDER_MAX)
#define CHUNK_ARRAY   (sizeof(struct page) << PAGE_ORDER_MAX)

/* Holes up to this size are spanned at first; more and more, until the spans fit their table. */
#define SPAN_HOLE_MAX (32ul << 20)

/* Pages at hand: taken and given back that many at a time, so at most twice as many. */
#define AT_HAND_BATCH 16
#define ZEROS_MAX     16
/* Below this many free pages none are kept at hand. */
#define LOW_PAGES 1024

#define RESERVED_MAX (PAGE_SPANS_MAX + 8) /* the spans' arrays, and what page_init() is given */

static const struct page_range low_window = {{0}, {EARLY_MAP_END}};
static const struct page_range high_window = {{EARLY_MAP_END}, {DIRECT_MAP_SIZE}};

struct page_span page_spans[PAGE_SPANS_MAX];
unsigned int page_span_count;

static struct page_range reserved_ranges[RESERVED_MAX];
static size_t reserved_count;

struct pages_at_hand {
    struct spinlock lock; /* taken before page_lock */
    struct page_chain pages;
    unsigned int count;
    struct page_chain zeros; /* those that were freed with nothing but zeros in them */
    unsigned int zero_count;
    uint64_t allocations, frees, zeroed;
} __attribute__((aligned(64)));

static struct pages_at_hand at_hand[CPU_MAX];

/* Covers all below, and state, order and link of every page that is not in use. */
static struct spinlock page_lock = SPINLOCK_INIT("pages");
static struct page_chain free_blocks[PAGE_ORDER_MAX + 1];
static struct page_counters counters;
static uint64_t (*kept_from_current)(void); /* NULL: nothing is kept */

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
    counters.blocks[order]++;
}

static void unlink_free_locked(struct page *page)
{
    TAILQ_REMOVE(&free_blocks[page->order], page, link);
    page->state = PAGE_NONE;
    counters.blocks[page->order]--;
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
    counters.free += 1ul << order;
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
    counters.free -= 1ul << order;
    return page;
}

/* ---- pages at hand ---- */

static bool memory_is_low(void)
{
    return __atomic_load_n(&counters.free, __ATOMIC_RELAXED) < LOW_PAGES;
}

static void put_at_hand_locked(struct pages_at_hand *hand, struct page *page)
{
    page->state = PAGE_AT_HAND;
    TAILQ_INSERT_HEAD(&hand->pages, page, link);
    hand->count++;
}

static void put_zero_locked(struct pages_at_hand *hand, struct page *page)
{
    page->state = PAGE_AT_HAND;
    TAILQ_INSERT_HEAD(&hand->zeros, page, link);
    hand->zero_count++;
}

static struct page *take_at_hand_locked(struct pages_at_hand *hand)
{
    struct page *page = TAILQ_FIRST(&hand->pages);

    TAILQ_REMOVE(&hand->pages, page, link);
    hand->count--;
    return page;
}

static struct page *take_zero_locked(struct pages_at_hand *hand)
{
    struct page *page = TAILQ_FIRST(&hand->zeros);

    TAILQ_REMOVE(&hand->zeros, page, link);
    hand->zero_count--;
    return page;
}

/* Whether the running task may have so many of the pages that are free; page_lock is held. */
static bool may_take_locked(uint64_t pages)
{
    if (counters.free >= pages + PAGES_KEPT_MAX || !kept_from_current)
        return true;
    return counters.free >= pages + kept_from_current();
}

/* Takes a batch from the lists, or no page more than is needed. */
static void refill_locked(struct pages_at_hand *hand)
{
    unsigned int wanted = memory_is_low() ? 1 : AT_HAND_BATCH;
    struct page *page;

    spin_lock(&page_lock);
    while (hand->count < wanted && may_take_locked(1) && (page = take_locked(0)))
        put_at_hand_locked(hand, page);
    spin_unlock(&page_lock);
}

/* Gives pages back until no more than these are left, those first that were freed first. */
static unsigned int give_back_locked(struct pages_at_hand *hand, unsigned int left)
{
    unsigned int given = 0;

    if (hand->count <= left)
        return 0;
    spin_lock(&page_lock);
    for (; hand->count > left; given++) {
        struct page *page = TAILQ_LAST(&hand->pages, page_chain);
        TAILQ_REMOVE(&hand->pages, page, link);
        hand->count--;
        free_locked(page, 0);
    }
    spin_unlock(&page_lock);
    return given;
}

/* From here on they are pages like any other. */
static void give_zeros_up_locked(struct pages_at_hand *hand)
{
    while (hand->zero_count)
        put_at_hand_locked(hand, take_zero_locked(hand));
}

/* Has every CPU give back all it has at hand. Returns how many pages there were. */
static unsigned int drain(void)
{
    unsigned int given = 0;

    for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
        uint64_t irq = spin_lock_irqsave(&at_hand[cpu].lock);
        give_zeros_up_locked(&at_hand[cpu]);
        given += give_back_locked(&at_hand[cpu], 0);
        spin_unlock_irqrestore(&at_hand[cpu].lock, irq);
    }
    return given;
}

/* *filled: with PAGE_ZERO, whether the page holds nothing but zeros already. */
static struct page *alloc_single(enum page_flags flags, bool *filled)
{
    struct pages_at_hand *hand = &at_hand[this_cpu_number()];
    struct page *page = NULL;
    uint64_t irq = spin_lock_irqsave(&hand->lock);

    *filled = (flags & PAGE_ZERO) && hand->zero_count;
    if (!*filled && !hand->count)
        refill_locked(hand);
    if (*filled) {
        page = take_zero_locked(hand);
    } else if (hand->count) {
        page = take_at_hand_locked(hand);
        hand->zeroed += flags & PAGE_ZERO;
    }
    hand->allocations += page != NULL;
    spin_unlock_irqrestore(&hand->lock, irq);
    return page;
}

static void free_single(struct page *page)
{
    struct pages_at_hand *hand = &at_hand[this_cpu_number()];
    uint64_t irq = spin_lock_irqsave(&hand->lock);

    hand->frees++;
    if (page->is_zero && hand->zero_count < ZEROS_MAX && !memory_is_low())
        put_zero_locked(hand, page);
    else
        put_at_hand_locked(hand, page);
    if (hand->count > 2 * AT_HAND_BATCH || memory_is_low())
        give_back_locked(hand, memory_is_low() ? 0 : AT_HAND_BATCH);
    spin_unlock_irqrestore(&hand->lock, irq);
}

/* ---- allocating ---- */

static struct page *alloc_block(unsigned int order, enum page_flags flags)
{
    uint64_t irq = spin_lock_irqsave(&page_lock);
    struct page *page = may_take_locked(1ul << order) ? take_locked(order) : NULL;

    if (page) {
        counters.allocations++;
        counters.zeroed += flags & PAGE_ZERO ? 1ul << order : 0;
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
    while (!page && drain());
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
    if (page->order == 0) {
        free_single(page);
        return;
    }
    uint64_t irq = spin_lock_irqsave(&page_lock);
    counters.frees++;
    free_locked(page, page->order);
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
    counters.allocations += count - 1;
    spin_unlock_irqrestore(&page_lock, irq);
}

void page_set_reserve(uint64_t (*kept)(void))
{
    kept_from_current = kept;
}

void page_read_counters(struct page_counters *into)
{
    drain();
    uint64_t irq = spin_lock_irqsave(&page_lock);
    *into = counters;
    spin_unlock_irqrestore(&page_lock, irq);
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
        into->allocations += __atomic_load_n(&at_hand[cpu].allocations, __ATOMIC_RELAXED);
        into->frees += __atomic_load_n(&at_hand[cpu].frees, __ATOMIC_RELAXED);
        into->zeroed += __atomic_load_n(&at_hand[cpu].zeroed, __ATOMIC_RELAXED);
    }
}

#ifdef LATCHKEY_KASAN
void page_for_each_free(void (*visit)(struct page *page, unsigned int order))
{
    struct page *page;

    drain();
    uint64_t irq = spin_lock_irqsave(&page_lock);
    for (unsigned int order = 0; order <= PAGE_ORDER_MAX; order++)
        TAILQ_FOREACH (page, &free_blocks[order], link)
            visit(page, order);
    spin_unlock_irqrestore(&page_lock, irq);
}
#endif

uint64_t page_count_total(void)
{
    return __atomic_load_n(&counters.total, __ATOMIC_RELAXED);
}

/* ---- taking over RAM ---- */

static struct page_range intersect(struct page_range a, struct page_range b)
{
    return (struct page_range){
        a.start.value > b.start.value ? a.start : b.start,
        a.end.value < b.end.value ? a.end : b.end,
    };
}

static void reserve(struct page_range range)
{
    assert(reserved_count < RESERVED_MAX);
    reserved_ranges[reserved_count++] = (struct page_range){
        paddr(align_down(range.start.value, PAGE_SIZE)),
        paddr(align_up(range.end.value, PAGE_SIZE)),
    };
}

/* Where the reserved ranges that begin at or before an address and touch each other end. */
static paddr_t skip_reserved(paddr_t address)
{
    for (size_t i = 0; i < reserved_count; i++)
        if (reserved_ranges[i].start.value <= address.value &&
            address.value < reserved_ranges[i].end.value)
            return skip_reserved(reserved_ranges[i].end);
    return address;
}

/* Cuts range to its first part that is not reserved; false when there is none. */
static bool first_unreserved(struct page_range *range)
{
    range->start = skip_reserved(range->start);
    for (size_t i = 0; i < reserved_count; i++) {
        paddr_t next = reserved_ranges[i].start;
        if (range->start.value < next.value && next.value < range->end.value)
            range->end = next;
    }
    return range->start.value < range->end.value;
}

/* Calls visit for each part of within that is RAM and not reserved, until it returns non-zero. */
static int for_each_unreserved(struct page_range within,
                               int (*visit)(struct page_range range, void *context), void *context)
{
    const struct page_range *ram;

    for (size_t i = 0; (ram = ram_range(i)); i++) {
        struct page_range rest = intersect(*ram, within);
        struct page_range part = rest;
        for (; first_unreserved(&part); part = (struct page_range){part.end, rest.end}) {
            int result = visit(part, context);
            if (result)
                return result;
        }
    }
    return 0;
}

/* Spans the RAM of a window; false when the table of spans is too small for that. */
static bool add_spans(struct page_range window, uint64_t hole_max)
{
    const struct page_range *ram;

    for (size_t i = 0; (ram = ram_range(i)); i++) {
        struct page_range part = intersect(*ram, window);
        uint64_t start = align_down(part.start.value, CHUNK_SIZE);
        uint64_t end = align_up(part.end.value, CHUNK_SIZE);
        struct page_span *last = page_span_count ? &page_spans[page_span_count - 1] : NULL;
        if (part.start.value >= part.end.value)
            continue;
        if (last && last->start >= window.start.value &&
            start <= last->start + last->size + hole_max)
            last->size = end - last->start;
        else if (page_span_count < PAGE_SPANS_MAX)
            page_spans[page_span_count++] = (struct page_span){start, end - start, NULL};
        else
            return false;
    }
    return true;
}

static bool make_spans(uint64_t hole_max)
{
    page_span_count = 0;
    return add_spans(low_window, hole_max) && add_spans(high_window, hole_max);
}

static int find_room(struct page_range range, void *context)
{
    struct page_range *wanted = context; /* start 0, end: the size */
    uint64_t start = align_up(range.start.value, CHUNK_ARRAY);

    if (start + wanted->end.value > range.end.value)
        return 0;
    *wanted = (struct page_range){paddr(start), paddr_add(paddr(start), wanted->end.value)};
    return 1;
}

static int place_arrays(struct page_range within)
{
    for (unsigned int i = 0; i < page_span_count; i++) {
        struct page_span *span = &page_spans[i];
        if (span->start < within.start.value || span->start >= within.end.value)
            continue;
        assert(!span->pages); /* taken over once only */
        size_t size = (span->size >> PAGE_SHIFT) * sizeof(struct page);
        struct page_range array = {paddr(0), paddr(size)};
        if (!for_each_unreserved(within, find_room, &array))
            return -ENOMEM;
        span->pages = direct_map(array.start);
        poison(span->pages, size);
        reserve(array);
    }
    return 0;
}

/* The pages of all chunks that [start, end) touches become PAGE_NONE. */
static void clear_chunks(uint64_t start, uint64_t end)
{
    for (uint64_t chunk = align_down(start, CHUNK_SIZE); chunk < end; chunk += CHUNK_SIZE) {
        struct page *pages = page_find(paddr(chunk));
        if (pages)
            memset(pages, 0, CHUNK_ARRAY);
    }
}

/* All chunks of within that are not free as a whole. */
static void clear_broken_chunks(struct page_range within)
{
    const struct page_range *ram;

    for (size_t i = 0; (ram = ram_range(i)); i++) {
        struct page_range part = intersect(*ram, within);
        if (part.start.value >= part.end.value)
            continue;
        if (part.start.value % CHUNK_SIZE)
            clear_chunks(part.start.value, part.start.value + 1);
        if (part.end.value % CHUNK_SIZE)
            clear_chunks(part.end.value - 1, part.end.value);
    }
    for (size_t i = 0; i < reserved_count; i++) {
        struct page_range part = intersect(reserved_ranges[i], within);
        clear_chunks(part.start.value, part.end.value);
    }
}

/* Frees a range by the largest blocks that fit, at the lists' ends: low memory is used first. */
static int free_range(struct page_range range, void *context)
{
    uint64_t start = range.start.value;

    (void)context;
    while (start < range.end.value) {
        unsigned int order = 0;
        while (order < PAGE_ORDER_MAX && start % (PAGE_SIZE << (order + 1)) == 0 &&
               start + (PAGE_SIZE << (order + 1)) <= range.end.value)
            order++;
        struct page *page = page_of(paddr(start));
        start += PAGE_SIZE << order;
        kasan_pages_freed(page, order);

        uint64_t irq = spin_lock_irqsave(&page_lock);
        counters.total += 1ul << order;
        counters.free += 1ul << order;
        page = join_locked(page, &order);
        mark_free_locked(page, order);
        TAILQ_INSERT_TAIL(&free_blocks[order], page, link);
        spin_unlock_irqrestore(&page_lock, irq);
    }
    return 0;
}

static int take_over(struct page_range within)
{
    int error = place_arrays(within);

    if (error)
        return error;
    clear_broken_chunks(within);
    return for_each_unreserved(within, free_range, NULL);
}

int page_init(const struct boot_info *info, const struct page_range *reserved, size_t count)
{
    uint64_t hole_max = SPAN_HOLE_MAX;

    for (unsigned int order = 0; order <= PAGE_ORDER_MAX; order++)
        TAILQ_INIT(&free_blocks[order]);
    for (unsigned int cpu = 0; cpu < CPU_MAX; cpu++) {
        at_hand[cpu].lock.name = "pages at hand";
        TAILQ_INIT(&at_hand[cpu].pages);
        TAILQ_INIT(&at_hand[cpu].zeros);
    }
    ram_init(info);
    while (!make_spans(hole_max))
        hole_max *= 2;
    for (size_t i = 0; i < count; i++)
        reserve(reserved[i]);
    return take_over(low_window);
}

int page_init_high(void)
{
    return take_over(high_window);
}

void page_release_range(struct page_range range)
{
    const struct page_range *ram;

    for (size_t i = 0; (ram = ram_range(i)); i++)
        free_range(intersect(*ram, range), NULL);
}

int page_for_each_ram(int (*visit)(struct page_range range, void *context), void *context)
{
    const struct page_range *ram;
    int result = 0;

    for (size_t i = 0; !result && (ram = ram_range(i)); i++)
        result = visit(*ram, context);
    return result;
}
