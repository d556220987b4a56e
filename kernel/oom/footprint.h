// SPDX-License-Identifier: MIT
/*
 * What would come free if an address space went: for the choice of who ends when memory is out.
 *
 * A page that is shared after a fork counts for each who has it, since nobody else can be asked for
 * it. What objects count is in mm/object/footprint.h. Pages of the pool for MAP_HUGETLB go back
 * there, and count as nothing.
 */
#ifndef KERNEL_OOM_FOOTPRINT_H
#define KERNEL_OOM_FOOTPRINT_H

#include "mm/object/footprint.h"

struct address_space;

/* An empty one. */
struct footprint footprint_begin(void);

/* Adds what a space has. Takes its lock to read. */
void footprint_add_space(struct footprint *footprint, struct address_space *space);

static inline uint64_t footprint_sum(const struct footprint *footprint)
{
    return footprint->memory + footprint->tables + footprint->files;
}

#endif
