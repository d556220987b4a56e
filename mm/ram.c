// SPDX-License-Identifier: MIT
/*
 * A set of byte ranges, kept sorted and disjoint, to which the RAM of the firmware's map is added
 * and from which all else is then taken away. Ends are rounded last, so that a page of which two
 * entries describe one half each is not lost.
 */
#include "mm/ram.h"

#include <stdint.h>

#include "arch/bug.h"
#include "arch/layout.h"
#include "boot/boot_info.h"
#include "libc/include/string.h"

#define FIRMWARE_END 0x100000ul /* the first MiB */

/* Each entry makes at most one range more: RAM adds one, anything else cuts one in two. */
#define RANGES_MAX (BOOT_MEMORY_RANGES_MAX + 1)

static struct page_range ranges[RANGES_MAX];
static size_t range_count;

static struct page_range make_range(uint64_t start, uint64_t end)
{
    return (struct page_range){paddr(start), paddr(end)};
}

/* Puts pieces in the place of ranges[first] to ranges[last - 1]. */
static void replace(size_t first, size_t last, const struct page_range *pieces, size_t count)
{
    assert(range_count - (last - first) + count <= RANGES_MAX);
    memmove(ranges + first + count, ranges + last, (range_count - last) * sizeof(*ranges));
    memcpy(ranges + first, pieces, count * sizeof(*ranges));
    range_count = range_count - (last - first) + count;
}

static void add(uint64_t start, uint64_t end)
{
    size_t first = 0;

    while (first < range_count && ranges[first].end.value < start)
        first++;
    size_t last = first;
    for (; last < range_count && ranges[last].start.value <= end; last++) {
        if (ranges[last].start.value < start)
            start = ranges[last].start.value;
        if (ranges[last].end.value > end)
            end = ranges[last].end.value;
    }
    struct page_range whole = make_range(start, end);
    replace(first, last, &whole, 1);
}

static void take_away(uint64_t start, uint64_t end)
{
    struct page_range pieces[2];
    size_t count = 0;
    size_t first = 0;

    while (first < range_count && ranges[first].end.value <= start)
        first++;
    size_t last = first;
    while (last < range_count && ranges[last].start.value < end)
        last++;
    if (first == last)
        return;
    if (ranges[first].start.value < start)
        pieces[count++] = make_range(ranges[first].start.value, start);
    if (ranges[last - 1].end.value > end)
        pieces[count++] = make_range(end, ranges[last - 1].end.value);
    replace(first, last, pieces, count);
}

/* Applies to each entry of the map that is RAM, or to each that is not. */
static void apply(const struct boot_info *info, bool is_ram, void (*change)(uint64_t, uint64_t))
{
    for (unsigned int i = 0; i < info->memory_count; i++) {
        const struct boot_memory_range *entry = &info->memory[i];
        uint64_t start = entry->base.value;
        uint64_t end = start + entry->size;

        if (end < start)
            end = UINT64_MAX;
        if (entry->size && (entry->type == BOOT_MEMORY_RAM) == is_ram)
            change(start, end);
    }
}

static void round_inwards(void)
{
    size_t kept = 0;

    for (size_t i = 0; i < range_count; i++) {
        struct page_range whole = make_range(align_up(ranges[i].start.value, PAGE_SIZE),
                                             align_down(ranges[i].end.value, PAGE_SIZE));
        if (whole.start.value < whole.end.value)
            ranges[kept++] = whole;
    }
    range_count = kept;
}

void ram_init(const struct boot_info *info)
{
    range_count = 0;
    apply(info, true, add);
    apply(info, false, take_away);
    take_away(0, FIRMWARE_END);
    take_away(DIRECT_MAP_SIZE, UINT64_MAX);
    round_inwards();
}

const struct page_range *ram_range(size_t number)
{
    return number < range_count ? &ranges[number] : NULL;
}

bool ram_holds(struct page_range range)
{
    for (size_t i = 0; i < range_count; i++)
        if (range.start.value >= ranges[i].start.value && range.end.value <= ranges[i].end.value)
            return true;
    return false;
}
