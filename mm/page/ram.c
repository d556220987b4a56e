// SPDX-License-Identifier: MIT
/*
 * RAM is all that is neither in a hole of the firmware's map nor in an entry of another kind. Ends
 * are rounded last, so that a page of which two entries describe one half each is not lost.
 */
#include "mm/page/ram.h"

#include <stdint.h>

#include "arch/cpu/bug.h"
#include "arch/cpu/layout.h"

#define FIRMWARE_END 0x100000ul /* the first MiB */

struct page_ranges ram;

static void add_if_any(struct page_ranges *ranges, uint64_t start, uint64_t end)
{
    if (start >= end)
        return;
    assert(ranges->count < RANGES_MAX);
    ranges->range[ranges->count++] = (struct page_range){paddr(start), paddr(end)};
}

void ranges_remove(struct page_ranges *ranges, uint64_t start, uint64_t end)
{
    static struct page_ranges left; /* too large for a stack */

    if (start >= end)
        return;
    left.count = 0;
    for (size_t i = 0; i < ranges->count; i++) {
        uint64_t first = ranges->range[i].start.value;
        uint64_t last = ranges->range[i].end.value;
        add_if_any(&left, first, last < start ? last : start);
        add_if_any(&left, first > end ? first : end, last);
    }
    *ranges = left;
}

bool ranges_hold(const struct page_ranges *ranges, uint64_t start, uint64_t end)
{
    for (size_t i = 0; i < ranges->count; i++)
        if (start >= ranges->range[i].start.value && end <= ranges->range[i].end.value)
            return true;
    return false;
}

/* Takes each entry of the map that is RAM, or each that is not, out of a set. */
static void remove_entries(struct page_ranges *ranges, const struct boot_info *info, bool is_ram)
{
    for (unsigned int i = 0; i < info->memory_count; i++) {
        const struct boot_memory_range *entry = &info->memory[i];
        uint64_t start = entry->base.value;
        uint64_t end = start + entry->size;

        if ((entry->type == BOOT_MEMORY_RAM) == is_ram)
            ranges_remove(ranges, start, end < start ? UINT64_MAX : end);
    }
}

static void round_inwards(void)
{
    size_t count = ram.count;

    ram.count = 0; /* no range becomes two, so each is read before its place is taken */
    for (size_t i = 0; i < count; i++) {
        struct page_range range = ram.range[i];
        add_if_any(&ram, align_up(range.start.value, PAGE_SIZE),
                   align_down(range.end.value, PAGE_SIZE));
    }
}

void ram_init(const struct boot_info *info)
{
    static struct page_ranges holes;

    holes = (struct page_ranges){.range = {{paddr(0), paddr(UINT64_MAX)}}, .count = 1};
    remove_entries(&holes, info, true);
    ram =
        (struct page_ranges){.range = {{paddr(FIRMWARE_END), paddr(DIRECT_MAP_SIZE)}}, .count = 1};
    for (size_t i = 0; i < holes.count; i++)
        ranges_remove(&ram, holes.range[i].start.value, holes.range[i].end.value);
    remove_entries(&ram, info, false);
    round_inwards();
}
