// SPDX-License-Identifier: MIT
/* PROT_GROWSDOWN and PROT_GROWSUP of mprotect(2): on x86 areas grow downwards alone. */
#include <asm/errno.h>
#include <asm/mman.h>

#include "mm/space/address_space.h"
#include "mm/space/events.h"

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
