// SPDX-License-Identifier: MIT
/* Stacks that grow, and PROT_GROWSDOWN and PROT_GROWSUP of mprotect(2): on x86 VMAs grow downwards
 * alone. */
#include <asm/errno.h>
#include <asm/mman.h>

#include "mm/space/address_space.h"
#include "mm/space/mmap.h"

static int find_start(struct address_space *space, uintptr_t *from, uintptr_t end, int grows)
{
    const struct vma *vma = vma_find(&space->vmas, *from);

    if (!vma || vma->start >= end)
        return -ENOMEM;
    if (grows & PROT_GROWSUP)
        return vma->start > *from ? -ENOMEM : -EINVAL;
    *from = vma->start;
    return vma->flags & VMA_GROWS_DOWN ? 1 : -EINVAL;
}
ATTACH(protection_grows, find_start);

/* Whether a stack may begin there. A VMA below it that is PROT_NONE is a guard by itself. */
static bool leaves_gap(const struct vma *below, uintptr_t start)
{
    return !below || (below->flags & VMA_GROWS_DOWN) || !below->prot ||
           below->end + STACK_GUARD_GAP <= start;
}

static void grow_stack(struct address_space *space, uintptr_t address)
{
    uintptr_t start = align_down(address, PAGE_SIZE);

    space_lock_write(space);
    struct vma *vma = vma_find(&space->vmas, address);
    if (vma && !vma_holds(vma, address) && (vma->flags & VMA_GROWS_DOWN) &&
        vma->end - start <= space->stack_limit && start >= mmap_min_addr &&
        leaves_gap(vma->previous, start) &&
        !space_check_growth_locked(space, vma->start - start, 0)) {
        space->mapped_pages += (vma->start - start) >> PAGE_SHIFT;
        vma->start = start;
    }
    space_unlock_write(space);
}

ATTACH(stack_is_touched, grow_stack);
