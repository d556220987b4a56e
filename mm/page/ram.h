// SPDX-License-Identifier: MIT
/*
 * Where the machine's RAM is: the firmware's memory map, cleaned up.
 *
 * The map may be unsorted, overlap itself and have odd ends. What is kept of it is sorted,
 * disjoint, page-aligned RAM: what some entry calls RAM and no other calls something else, except
 * the first MiB, which belongs to the firmware, and what lies beyond the direct map.
 */
#ifndef MM_PAGE_RAM_H
#define MM_PAGE_RAM_H

#include <stdbool.h>
#include <stddef.h>

#include "arch/cpu/types.h"
#include "boot/boot_info.h"

/* A range of physical memory: [start, end). */
struct page_range {
    paddr_t start;
    paddr_t end;
};

/*
 * Ranges in ascending order that do not touch. Each entry of the map makes at most one more: RAM
 * adds one, anything else cuts one in two; so does each range that page_init() takes away.
 */
#define RANGES_MAX (BOOT_MEMORY_RANGES_MAX + 32)

struct page_ranges {
    struct page_range range[RANGES_MAX];
    size_t count;
};

/* Removes the bytes [start, end) from a set. */
void ranges_remove(struct page_ranges *ranges, uint64_t start, uint64_t end);

/* Whether all of [start, end) lies in one range of a set. */
bool ranges_hold(const struct page_ranges *ranges, uint64_t start, uint64_t end);

/* All RAM, in whole pages. */
extern struct page_ranges ram;
void ram_init(const struct boot_info *info);

#endif
