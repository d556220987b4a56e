// SPDX-License-Identifier: MIT
/* What a VMA has in memory, counted in the tables, for /proc/PID/smaps and its kin. */
#ifndef MM_USAGE_VMA_USAGE_H
#define MM_USAGE_VMA_USAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "mm/space/address_space.h"

/* Bytes. A page is shared if more than one leaf maps it. The page of zeros counts as nothing. */
struct vma_usage {
    uint64_t resident;     /* the sum of the next four; pages of the pool are counted apart */
    uint64_t shared_clean; /* clean: as the file has it, and not written through this VMA */
    uint64_t shared_dirty;
    uint64_t private_clean;
    uint64_t private_dirty;
    uint64_t anonymous;    /* of resident: no file's */
    uint64_t shared_pages; /* of resident: of an object that is no file */
    uint64_t huge;         /* of anonymous: by leaves of 2 MiB */
    uint64_t pool_shared, pool_private;

    /* resident with each page divided by the leaves that map it; and of that the dirty part */
    uint64_t proportional, proportional_dirty;
};

/* A page of an address space that is in memory. */
struct page_view {
    uint64_t frame;    /* its physical address / PAGE_SIZE */
    bool is_objects;   /* a file's or shared memory's, and no private copy */
    bool is_exclusive; /* nobody else maps it, and it is not the page of zeros that all share */
};

/* The page at an address, which the tables of the space have: false if they have none. */
bool space_view_page(struct address_space *space, uintptr_t address, struct page_view *view);

/* Adds what the VMA has; the space's lock is held. */
void vma_measure_locked(struct address_space *space, const struct vma *vma,
                        struct vma_usage *usage);

#endif
