// SPDX-License-Identifier: MIT
/* msync: nothing is written back, so only its arguments are judged. */
#include <asm/errno.h>
#include <asm/mman.h>

#include "kernel/call/syscall.h"
#include "kernel/task/task.h"
#include "mm/space/address_space.h"

static bool is_mapped(struct address_space *space, uintptr_t start, uintptr_t end)
{
    const struct vma *vma;

    space_lock_read(space);
    while (start < end && vma_holds(vma = vma_find(&space->vmas, start), start))
        start = vma->end;
    space_unlock_read(space);
    return start >= end;
}

/* Whether a part of the range is locked. */
static bool has_locked(struct address_space *space, uintptr_t start, uintptr_t end)
{
    bool found = false;

    space_lock_read(space);
    for (struct vma *vma = vma_find(&space->vmas, start); vma && vma->start < end && !found;
         vma = vma->next)
        found = vma->flags & VMA_LOCKED;
    space_unlock_read(space);
    return found;
}

PARALLEL_SYSCALL3(msync, uintptr_t, start, size_t, size, int, flags)
{
    uintptr_t end = start + align_up(size, PAGE_SIZE);

    if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) || start % PAGE_SIZE ||
        (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC))
        return -EINVAL;
    if (end < start)
        return -ENOMEM;
    if ((flags & MS_INVALIDATE) && has_locked(current()->space, start, end))
        return -EBUSY;
    return is_mapped(current()->space, start, end) ? 0 : -ENOMEM;
}
