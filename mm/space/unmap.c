// SPDX-License-Identifier: MIT
/* munmap, and splitting areas at the bounds of what changes. */
#include <asm/errno.h>

#include "mm/space/mmap.h"

static int split_at(struct address_space *space, uintptr_t at)
{
    struct area *area = area_find(&space->areas, at);

    if (!area || area->start >= at)
        return 0;
    if (at % area_alignment(area->flags))
        return -EINVAL;
    if (page_pool() && page_pool()->split_locked(space, at))
        return -ENOMEM;
    return area_split(&space->areas, area, at);
}

int space_split_bounds_locked(struct address_space *space, uintptr_t start, uintptr_t end)
{
    int error = split_at(space, start);

    return error ? error : split_at(space, end);
}

int space_unmap_locked(struct address_space *space, uintptr_t start, uintptr_t end)
{
    struct area *area = area_find(&space->areas, start);

    if (!area || area->start >= end)
        return 0;
    if (area->start != start || area->end != end) {
        int error = space_split_bounds_locked(space, start, end);
        if (error)
            return error;
        area = area_find(&space->areas, start);
    }
    space_zap_locked(space, start, end);
    if (space->vdso - start < end - start) /* the image is gone; other code may come there */
        __atomic_store_n(&space->vdso, 0, __ATOMIC_RELAXED);
    while (area && area->start < end) {
        struct area *next = area->next;
        space->mapped_pages -= (area->end - area->start) >> PAGE_SHIFT;
        space_remove_area_locked(space, area);
        area = next;
    }
    space_free_tables_locked(space, start, end, area);
    space_note_gap_locked(space, area);
    return 0;
}

int space_unmap(struct address_space *space, uintptr_t start, size_t size)
{
    uintptr_t end = start + align_up(size, PAGE_SIZE);
    int error;

    if (start % PAGE_SIZE || start > USER_END || size > USER_END - start || size == 0)
        return -EINVAL;
    space_lock_write(space);
    error = space_check_range_locked(space, start, end, -1);
    if (!error)
        error = space_unmap_locked(space, start, end);
    space_flush_locked(space);
    space_unlock_write(space);
    return error;
}
