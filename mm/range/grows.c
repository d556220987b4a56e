// SPDX-License-Identifier: MIT
/* Stacks that grow, and PROT_GROWSDOWN and PROT_GROWSUP of mprotect(2): on x86 areas grow downwards
 * alone. */
#include <asm/errno.h>
#include <asm/mman.h>

#include "mm/space/address_space.h"
#include "mm/space/mmap.h"

static int find_start(struct address_space *space, uintptr_t *from, uintptr_t end, int grows)
{
    const struct area *area = area_find(&space->areas, *from);

    if (!area || area->start >= end)
        return -ENOMEM;
    if (grows & PROT_GROWSUP)
        return area->start > *from ? -ENOMEM : -EINVAL;
    *from = area->start;
    return area->flags & AREA_GROWS_DOWN ? 1 : -EINVAL;
}
ATTACH(protection_grows, find_start);

/* Whether a stack may begin there. An area below it that is PROT_NONE is a guard by itself. */
static bool leaves_gap(const struct area *below, uintptr_t start)
{
    return !below || (below->flags & AREA_GROWS_DOWN) || !below->prot ||
           below->end + STACK_GUARD_GAP <= start;
}

static void grow_stack(struct address_space *space, uintptr_t address)
{
    uintptr_t start = align_down(address, PAGE_SIZE);

    space_lock_write(space);
    struct area *area = area_find(&space->areas, address);
    if (area && !area_holds(area, address) && (area->flags & AREA_GROWS_DOWN) &&
        area->end - start <= space->stack_limit && start >= mmap_min_addr &&
        leaves_gap(area->previous, start) &&
        !space_check_growth_locked(space, area->start - start, 0)) {
        space->mapped_pages += (area->start - start) >> PAGE_SHIFT;
        area->start = start;
    }
    space_unlock_write(space);
}

ATTACH(stack_is_touched, grow_stack);
