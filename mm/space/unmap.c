// SPDX-License-Identifier: MIT
/* munmap, and splitting VMAs at the bounds of what changes. */
#include <asm/errno.h>

#include "mm/space/mmap.h"

static int split_at(struct address_space *space, uintptr_t at)
{
    struct vma *vma = vma_find(&space->vmas, at);

    if (!vma || vma->start >= at)
        return 0;
    if (at % vma_alignment(vma->flags))
        return -EINVAL;
    if (page_pool() && page_pool()->split_locked(space, at))
        return -ENOMEM;
    return vma_split(&space->vmas, vma, at);
}

int space_split_bounds_locked(struct address_space *space, uintptr_t start, uintptr_t end)
{
    int error = split_at(space, start);

    return error ? error : split_at(space, end);
}

int space_unmap_locked(struct address_space *space, uintptr_t start, uintptr_t end)
{
    struct vma *vma = vma_find(&space->vmas, start);

    if (!vma || vma->start >= end)
        return 0;
    if (vma->start != start || vma->end != end) {
        int error = space_split_bounds_locked(space, start, end);
        if (error)
            return error;
        vma = vma_find(&space->vmas, start);
    }
    space_zap_locked(space, start, end);
    if (space->vdso - start < end - start) /* the image is gone; other code may come there */
        __atomic_store_n(&space->vdso, 0, __ATOMIC_RELAXED);
    while (vma && vma->start < end) {
        struct vma *next = vma->next;
        space->mapped_pages -= (vma->end - vma->start) >> PAGE_SHIFT;
        space_remove_vma_locked(space, vma);
        vma = next;
    }
    space_free_tables_locked(space, start, end, vma);
    space_note_gap_locked(space, vma);
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
