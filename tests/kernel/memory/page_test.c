// SPDX-License-Identifier: MIT
/* The buddy allocator: what is given out is sound, and what is given back is as before. */
#include "mm/page/page.h"

#include "arch/cpu/layout.h"
#include "libc/include/string.h"
#include "mm/usage/usage.h"
#include "tests/kernel/ktest.h"

#define BLOCKS 256

extern const char text_start[], data_end[];

static uint64_t blocks_before[PAGE_ORDER_MAX + 1];

static uint64_t count_free_blocks(unsigned int order)
{
    struct page *page;
    uint64_t count = 0;
    uint64_t irq = spin_lock_irqsave(&page_lock);

    TAILQ_FOREACH (page, &free_blocks[order], link)
        count++;
    spin_unlock_irqrestore(&page_lock, irq);
    return count;
}

static void note_memory(struct page_counters *before)
{
    page_read_counters(before);
    for (unsigned int order = 0; order <= PAGE_ORDER_MAX; order++)
        blocks_before[order] = count_free_blocks(order);
}

/* The counters of what exists, without those that only grow. */
static void expect_same_memory(const struct page_counters *before)
{
    struct page_counters after;

    page_read_counters(&after);
    EXPECT_EQUAL(after.total, before->total);
    EXPECT_EQUAL(after.free, before->free);
    for (unsigned int order = 0; order <= PAGE_ORDER_MAX; order++)
        EXPECT_EQUAL(count_free_blocks(order), blocks_before[order]);
}

KTEST(page_blocks_join_again)
{
    static struct page *blocks[BLOCKS];
    struct page_counters before, during;
    uint64_t pages = 0;

    note_memory(&before);
    for (unsigned int i = 0; i < BLOCKS; i++) {
        unsigned int order = i * 7 % 4;
        blocks[i] = page_alloc(order, PAGE_ANY);
        if (!EXPECT(blocks[i]))
            return;
        pages += 1ul << order;
        EXPECT_EQUAL(page_paddr(blocks[i]).value % (PAGE_SIZE << order), 0);
        EXPECT_EQUAL(page_of(page_paddr(blocks[i])), blocks[i]);
        for (unsigned int page = 0; page < 1u << order; page++)
            *(struct page **)page_address(blocks[i] + page) = blocks[i] + page;
    }
    page_read_counters(&during);
    EXPECT_EQUAL(during.free, before.free - pages);
    EXPECT_EQUAL(during.allocations, before.allocations + BLOCKS);

    /* 77 and 256 have no common divisor: every block once, in another order. */
    for (unsigned int i = 0; i < BLOCKS; i++) {
        struct page *block = blocks[i * 77 % BLOCKS];
        for (unsigned int page = 0; page < 1u << block->order; page++)
            EXPECT_EQUAL(*(struct page **)page_address(block + page), block + page);
        page_put(block);
    }
    expect_same_memory(&before);
}

KTEST(page_zero_is_zero)
{
    struct page_counters before, after;

    note_memory(&before);
    struct page *dirty = page_alloc(2, PAGE_ANY);
    if (!EXPECT(dirty))
        return;
    memset(page_address(dirty), 0xa5, PAGE_SIZE << 2);
    page_put(dirty);

    struct page *clean = page_alloc(2, PAGE_ZERO);
    if (!EXPECT(clean))
        return;
    const uint64_t *words = page_address(clean);
    uint64_t any = 0;
    for (size_t i = 0; i < (PAGE_SIZE << 2) / sizeof(*words); i++)
        any |= words[i];
    EXPECT_EQUAL(any, 0);
    page_put(clean);
    page_read_counters(&after);
    EXPECT_EQUAL(after.zeroed, before.zeroed + 4);
    expect_same_memory(&before);
}

/* What RAM held at boot, or the last owner left, is no flag of the next owner's. */
KTEST(page_flags_are_clear)
{
    for (unsigned int order = 0; order <= PAGE_ORDER_2M; order += PAGE_ORDER_2M) {
        struct page *page = page_alloc(order, PAGE_ANY);
        if (!EXPECT(page))
            return;
        for (unsigned int i = 0; i < 1u << order; i++)
            page[i].is_reserved = true;
        page_put(page);
        page = page_alloc(order, PAGE_ANY);
        if (!EXPECT(page))
            return;
        page_split(page);
        for (unsigned int i = 0; i < 1u << order; i++) {
            EXPECT(!page[i].is_reserved);
            page_put(&page[i]);
        }
    }
}

KTEST(page_references)
{
    struct page_counters before;

    note_memory(&before);
    struct page *block = page_alloc(3, PAGE_ANY);
    if (!EXPECT(block))
        return;
    page_get(block);
    EXPECT_EQUAL(block->references, 2);
    page_split(block);
    for (unsigned int i = 0; i < 8; i++) {
        EXPECT_EQUAL(block[i].references, 2);
        EXPECT_EQUAL(block[i].order, 0);
        page_put(&block[i]);
        EXPECT_EQUAL(block[i].state, PAGE_USED);
    }
    for (unsigned int i = 0; i < 8; i++)
        page_put(&block[i]);
    expect_same_memory(&before);
}

/* The place of a block in RAM that the kernel may use: not the first MiB, not the image. */
static void expect_usable(const struct page *block, unsigned int order)
{
    uint64_t start = page_paddr(block).value;
    uint64_t end = start + (PAGE_SIZE << order);

    EXPECT(start >= 0x100000);
    EXPECT(end <= image_paddr(text_start).value || start >= image_paddr(data_end).value);
}

/* All RAM is the allocator's but for the image, the page arrays (1/128) and little else. */
KTEST(page_total)
{
    struct page_counters counters;
    uint64_t pages = 0;
    uint64_t in_blocks = 0;

    for (size_t i = 0; i < ram.count; i++)
        pages += (ram.range[i].end.value - ram.range[i].start.value) >> PAGE_SHIFT;
    page_read_counters(&counters);
    EXPECT(counters.total < pages);
    EXPECT(counters.total > pages - pages / 64 - (4ul << 20) / PAGE_SIZE);
    for (unsigned int order = 0; order <= PAGE_ORDER_MAX; order++)
        in_blocks += count_free_blocks(order) << order;
    EXPECT_EQUAL(counters.free, in_blocks);
}

/* Takes every last page, chained through the blocks themselves, largest blocks first. */
KTEST(page_exhaustion)
{
    struct page_counters before, none;
    struct page *chain = NULL;
    struct page *block;
    uint64_t taken = 0;

    note_memory(&before);
    for (unsigned int order = PAGE_ORDER_MAX + 1; order-- > 0;) {
        while ((block = page_alloc(order, PAGE_ANY))) {
            expect_usable(block, order);
            *(struct page **)page_address(block) = chain;
            chain = block;
            taken += 1ul << order;
        }
    }
    page_read_counters(&none);
    EXPECT_EQUAL(none.free, 0);
    EXPECT_EQUAL(taken, before.free);
    EXPECT_EQUAL(page_alloc(0, PAGE_ZERO), NULL);
    while (chain) {
        block = chain;
        chain = *(struct page **)page_address(block);
        page_put(block);
    }
    expect_same_memory(&before);
}

/* A loader may say of anything that it is in RAM. */
KTEST(ram_is_held_whole)
{
    struct page_range all = ram.range[0];
    struct page_range last = {paddr(all.end.value - PAGE_SIZE), all.end};
    struct page_range behind = {all.end, paddr_add(all.end, PAGE_SIZE)};
    struct page_range across = {last.start, behind.end};

    EXPECT(ranges_hold(&ram, all.start.value, all.end.value));
    EXPECT(ranges_hold(&ram, last.start.value, last.end.value));
    EXPECT(!ranges_hold(&ram, behind.start.value, behind.end.value));
    EXPECT(!ranges_hold(&ram, across.start.value, across.end.value));
    EXPECT(!ranges_hold(&ram, 0, PAGE_SIZE));
    EXPECT(!ranges_hold(&ram, 0, UINT64_MAX));
}
