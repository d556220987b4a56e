// SPDX-License-Identifier: MIT
/* Taking over RAM: which spans it has, where their arrays of struct page go, and what is free. */
#include <asm/errno.h>

#include "arch/cpu/bug.h"
#include "arch/cpu/check.h"
#include "libc/include/string.h"
#include "mm/page/page.h"

#define EARLY_MAP_END 0x100000000ul /* boot/'s tables map this much of the direct map */
#define CHUNK_SIZE    (PAGE_SIZE << PAGE_ORDER_MAX)
#define CHUNK_ARRAY   (sizeof(struct page) << PAGE_ORDER_MAX)

/* Holes up to this size are spanned at first; more and more, until a window's spans fit into half
 * of their table. */
#define SPAN_HOLE_MAX (32ul << 20)

struct page_span page_spans[PAGE_SPANS_MAX];
unsigned int page_span_count;

static struct page_ranges unused; /* RAM without what is reserved and the arrays */

static struct page_range intersect(struct page_range a, struct page_range b)
{
    return (struct page_range){
        a.start.value > b.start.value ? a.start : b.start,
        a.end.value < b.end.value ? a.end : b.end,
    };
}

/* Spans the RAM of a window; false when its part of the table is too small for that. */
static bool add_spans(struct page_range window, unsigned int first, uint64_t hole_max)
{
    page_span_count = first;
    for (size_t i = 0; i < ram.count; i++) {
        struct page_range part = intersect(ram.range[i], window);
        uint64_t start = align_down(part.start.value, CHUNK_SIZE);
        uint64_t end = align_up(part.end.value, CHUNK_SIZE);
        struct page_span *last = page_span_count > first ? &page_spans[page_span_count - 1] : NULL;
        if (part.start.value >= part.end.value)
            continue;
        if (last && start <= last->start + last->size + hole_max)
            last->size = end - last->start;
        else if (page_span_count < first + PAGE_SPANS_MAX / 2)
            page_spans[page_span_count++] = (struct page_span){start, end - start, NULL};
        else
            return false;
    }
    return true;
}

/* Where in the unused part of a window there is room for an array; 0: nowhere. */
static uint64_t find_room(struct page_range window, size_t size)
{
    for (size_t i = 0; i < unused.count; i++) {
        struct page_range part = intersect(unused.range[i], window);
        uint64_t start = align_up(part.start.value, CHUNK_ARRAY);
        if (start + size <= part.end.value)
            return start;
    }
    return 0;
}

static int place_array(struct page_span *span, struct page_range window)
{
    size_t size = (span->size >> PAGE_SHIFT) * sizeof(struct page);
    uint64_t array = find_room(window, size);

    if (!array)
        return -ENOMEM;
    span->pages = direct_map(paddr(array));
    poison(span->pages, size);
    ranges_remove(&unused, array, array + size);
    return 0;
}

/* The pages of all chunks that are not free as a whole start as PAGE_NONE. */
static void clear_broken_chunks(const struct page_span *span)
{
    for (uint64_t chunk = span->start; chunk < span->start + span->size; chunk += CHUNK_SIZE)
        if (!ranges_hold(&unused, chunk, chunk + CHUNK_SIZE))
            memset(page_find(paddr(chunk)), 0, CHUNK_ARRAY);
}

/* Frees a range by the largest blocks that fit. */
static void free_range(struct page_range range)
{
    uint64_t start = range.start.value;

    while (start < range.end.value) {
        unsigned int order = 0;
        while (order < PAGE_ORDER_MAX && start % (PAGE_SIZE << (order + 1)) == 0 &&
               start + (PAGE_SIZE << (order + 1)) <= range.end.value)
            order++;
        page_add(page_of(paddr(start)), order);
        start += PAGE_SIZE << order;
    }
}

static int take_over(struct page_range window)
{
    unsigned int first = page_span_count;
    uint64_t hole_max = SPAN_HOLE_MAX;
    int error = 0;

    while (!add_spans(window, first, hole_max))
        hole_max *= 2;
    for (unsigned int i = first; !error && i < page_span_count; i++)
        error = place_array(&page_spans[i], window);
    if (error)
        return error;
    for (unsigned int i = first; i < page_span_count; i++)
        clear_broken_chunks(&page_spans[i]);
    for (size_t i = 0; i < unused.count; i++)
        free_range(intersect(unused.range[i], window));
    return 0;
}

int page_init(const struct boot_info *info, const struct page_range *reserved, size_t count)
{
    page_init_lists();
    ram_init(info);
    unused = ram;
    for (size_t i = 0; i < count; i++)
        ranges_remove(&unused, align_down(reserved[i].start.value, PAGE_SIZE),
                      align_up(reserved[i].end.value, PAGE_SIZE));
    return take_over((struct page_range){paddr(0), paddr(EARLY_MAP_END)});
}

int page_init_high(void)
{
    return take_over((struct page_range){paddr(EARLY_MAP_END), paddr(DIRECT_MAP_SIZE)});
}

void page_release_range(struct page_range range)
{
    for (size_t i = 0; i < ram.count; i++)
        free_range(intersect(ram.range[i], range));
}
