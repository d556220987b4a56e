// SPDX-License-Identifier: MIT
/* MAP_32BIT: the lowest gap in the second GiB of addresses. */
#include "arch/cpu/types.h"
#include "mm/space/mmap.h"

#define LOW_START (1ul << 30)
#define LOW_END   (2ul << 30)

static uintptr_t find_low_gap_locked(struct address_space *space, size_t size)
{
    uintptr_t lowest = align_up(mmap_min_addr, PAGE_SIZE);
    uintptr_t start = lowest > LOW_START ? lowest : LOW_START;

    while (start + size <= LOW_END && !space_is_free_locked(space, start, size))
        start = vma_find(&space->vmas, start)->end;
    return start < LOW_END && start + size <= LOW_END ? start : 0;
}

/* Large pages are not looked for so low. */
static int choose_low_gap(struct map_request *request, int *flags)
{
    if ((*flags & MAP_32BIT) && !(request->vma_flags & VMA_HUGETLB))
        request->find_gap_locked = find_low_gap_locked;
    return 0;
}

ATTACH(mapping_begins, choose_low_gap);
