// SPDX-License-Identifier: MIT
/*
 * What would come free if a process went, as files add to it (file_operations.footprint). Whoever
 * chooses who ends when memory is out makes it (kernel/oom/footprint.h).
 *
 * Files that have a name stay when their readers go, so they count for nobody; what has no name (a
 * memfd, a file that was unlinked, shared anonymous memory) counts for each who maps it or has it
 * open.
 */
#ifndef MM_OBJECT_FOOTPRINT_H
#define MM_OBJECT_FOOTPRINT_H

#include <stdint.h>

struct memory_object;

/* Pages. The kernel lock is held until the count is done: objects note who came by. */
struct footprint {
    uint64_t count;  /* which count this is: no two have the same */
    uint64_t memory; /* private */
    uint64_t tables; /* page tables, and the descriptions of areas */
    uint64_t files;  /* in objects without a name, pipes and the like */
};

/* Adds the pages and tables of an object that has no name, once. */
void footprint_add_object(struct footprint *footprint, struct memory_object *object);

#endif
