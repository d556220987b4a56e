// SPDX-License-Identifier: MIT
/*
 * Where the machine's RAM is: the firmware's memory map made sound.
 *
 * The map may be unsorted, overlap itself and have odd ends. What is left of it here is sorted,
 * disjoint, page-aligned RAM: what some entry calls RAM and none calls something else, without
 * the first MiB, which belongs to the firmware, and without what lies beyond the direct map.
 */
#ifndef MM_RAM_H
#define MM_RAM_H

#include <stdbool.h>
#include <stddef.h>

#include "arch/types.h"

struct boot_info;

/* A range of physical memory, page-aligned: [start, end). */
struct page_range {
    paddr_t start;
    paddr_t end;
};

void ram_init(const struct boot_info *info);

/* The range of RAM with this number, in ascending order, or NULL when there is none. */
const struct page_range *ram_range(size_t number);

/* Whether a range is RAM from one end to the other. */
bool ram_holds(struct page_range range);

#endif
