// SPDX-License-Identifier: MIT
/*
 * How much the allocators have given out; what VMAs have of it is in mm/usage/vma_usage.h.
 *
 * The room owns reading what mm/page/ counts, and having it give back what it keeps without need.
 */
#ifndef MM_USAGE_USAGE_H
#define MM_USAGE_USAGE_H

#include <stdint.h>

#include "mm/page/page.h"
#include "mm/page/slab.h"

/* Has all CPUs give back the pages of their caches. */
void page_read_counters(struct page_counters *counters);

/* Pages of all kernel stacks, in use and kept, and of the tables that map them: never given back.
 */
uint64_t kernel_stack_pages(void);

/* Gives back the slabs that are kept without an object. */
void slab_release_empty(void);

/* Objects in use in all caches, kmalloc's included: a test compares it before and after. */
uint64_t slab_objects_in_use(void);

/* Calls visit for each cache, the latest first. */
void slab_for_each(void (*visit)(const struct slab_cache *cache, void *context), void *context);

#endif
