// SPDX-License-Identifier: MIT
/*
 * What would come free if an address space went: for the choice of who ends when memory is out.
 *
 * A page that is shared after a fork counts for each who has it, since nobody else can be asked for
 * it. Files that have a name stay when their readers go, so they count for nobody; what has no name
 * (a memfd, a file that was unlinked, shared anonymous memory) counts for each who maps it or has
 * it open. Pages of the pool for MAP_HUGETLB go back there, and count as nothing.
 */
#ifndef MM_FOOTPRINT_H
#define MM_FOOTPRINT_H

#include <stdint.h>

#include "mm/address_space.h"
#include "mm/object.h"

/* Pages. */
struct footprint {
    uint64_t count;  /* which count this is: no two have the same */
    uint64_t memory; /* private */
    uint64_t tables; /* page tables, and the descriptions of areas */
    uint64_t files;  /* in objects without a name, pipes and the like */
};

/* An empty one. The caller has the kernel lock until the count is done: objects note who came by.
 */
struct footprint footprint_begin(void);

/* Adds what a space has. Takes its lock to read. */
void footprint_add_space(struct footprint *footprint, struct address_space *space);

/* Adds the pages and tables of an object that has no name, once. */
void footprint_add_object(struct footprint *footprint, struct memory_object *object);

static inline uint64_t footprint_sum(const struct footprint *footprint)
{
    return footprint->memory + footprint->tables + footprint->files;
}

#endif
