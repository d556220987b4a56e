// SPDX-License-Identifier: MIT
/*
 * The RAM of the firmware's map is put into a set, from which all else is then taken away. Ends are
 * rounded last, so that a page of which two entries describe one half each is not lost.
 */
#include "mm/page/ram.h"

#include <stdint.h>

#include "arch/cpu/bug.h"
#include "arch/cpu/layout.h"
#include "libc/include/string.h"

#define FIRMWARE_END 0x100000ul /* the first MiB */

struct page_ranges ram;

static struct page_range make_range(uint64_t start, uint64_t end)
{
    return (struct page_range){paddr(start), paddr(end)};
}

/* Puts pieces in the place of the ranges from first to last - 1. */
static void replace(struct page_ranges *ranges, size_t first, size_t last,
                    const struct page_range *pieces, size_t count)
{
    assert(ranges->count - (last - first) + count <= RANGES_MAX);
    memmove(ranges->range + first + count, ranges->range + last,
            (ranges->count - last) * sizeof(*pieces));
    memcpy(ranges->range + first, pieces, count * sizeof(*pieces));
    ranges->count = ranges->count - (last - first) + count;
}

static void add(struct page_ranges *ranges, uint64_t start, uint64_t end)
{
    size_t first = 0;

    while (first < ranges->count && ranges->range[first].end.value < start)
        first++;
    size_t last = first;
    for (; last < ranges->count && ranges->range[last].start.value <= end; last++) {
        if (ranges->range[last].start.value < start)
            start = ranges->range[last].start.value;
        if (ranges->range[last].end.value > end)
            end = ranges->range[last].end.value;
    }
    struct page_range whole = make_range(start, end);
    replace(ranges, first, last, &whole, 1);
}

void ranges_remove(struct page_ranges *ranges, uint64_t start, uint64_t end)
{
    struct page_range pieces[2];
    size_t count = 0;
    size_t first = 0;

    while (first < ranges->count && ranges->range[first].end.value <= start)
        first++;
    size_t last = first;
    while (last < ranges->count && ranges->range[last].start.value < end)
        last++;
    if (first == last)
        return;
    if (ranges->range[first].start.value < start)
        pieces[count++] = make_range(ranges->range[first].start.value, start);
    if (ranges->range[last - 1].end.value > end)
        pieces[count++] = make_range(end, ranges->range[last - 1].end.value);
    replace(ranges, first, last, pieces, count);
}

bool ranges_hold(const struct page_ranges *ranges, uint64_t start, uint64_t end)
{
    for (size_t i = 0; i < ranges->count; i++)
        if (start >= ranges->range[i].start.value && end <= ranges->range[i].end.value)
            return true;
    return false;
}

/* Does that with each entry of the map that is RAM, or with each that is not. */
static void apply(const struct boot_info *info, bool is_ram,
                  void (*change)(struct page_ranges *, uint64_t, uint64_t))
{
    for (unsigned int i = 0; i < info->memory_count; i++) {
        const struct boot_memory_range *entry = &info->memory[i];
        uint64_t start = entry->base.value;
        uint64_t end = start + entry->size;

        if (end < start)
            end = UINT64_MAX;
        if (entry->size && (entry->type == BOOT_MEMORY_RAM) == is_ram)
            change(&ram, start, end);
    }
}

static void round_inwards(void)
{
    size_t kept = 0;

    for (size_t i = 0; i < ram.count; i++) {
        struct page_range whole = make_range(align_up(ram.range[i].start.value, PAGE_SIZE),
                                             align_down(ram.range[i].end.value, PAGE_SIZE));
        if (whole.start.value < whole.end.value)
            ram.range[kept++] = whole;
    }
    ram.count = kept;
}

void ram_init(const struct boot_info *info)
{
    ram.count = 0;
    apply(info, true, add);
    apply(info, false, ranges_remove);
    ranges_remove(&ram, 0, FIRMWARE_END);
    ranges_remove(&ram, DIRECT_MAP_SIZE, UINT64_MAX);
    round_inwards();
}
