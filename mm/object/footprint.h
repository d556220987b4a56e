// SPDX-License-Identifier: MIT
/*
 * How much memory would come free if a process ended; files add theirs (file_operations.footprint).
 * It is for the choice of a process to kill when memory is out (kernel/oom/footprint.h).
 *
 * Files with a name outlive their readers, so they count for nobody; what has no name (a memfd, an
 * unlinked file, shared anonymous memory) counts for each process that maps it or has it open.
 */
#ifndef MM_OBJECT_FOOTPRINT_H
#define MM_OBJECT_FOOTPRINT_H

#include <stdint.h>

struct memory_object;

/* In pages. The kernel lock is held until the count is done: objects remember the last one. */
struct footprint {
    uint64_t count;  /* which count this is: no two have the same */
    uint64_t memory; /* private */
    uint64_t tables; /* page tables, and the descriptions of VMAs */
    uint64_t files;  /* in objects without a name, pipes and the like */
};

/* Adds the pages and tables of an object that has no name, once. */
void footprint_add_object(struct footprint *footprint, struct memory_object *object);

#endif
