// SPDX-License-Identifier: MIT
/* Questions about ranges: are they mapped, and are their pages in memory. */
#include <asm/errno.h>

#include "mm/mmap.h"
#include "mm/object.h"
#include "mm/page.h"
#include "mm/page_table.h"

static bool is_mapped_locked(struct address_space *space, uintptr_t start, uintptr_t end)
{
    while (start < end) {
        struct area *area = area_find(&space->areas, start);
        if (!area_holds(area, start))
            return false;
        start = area->end;
    }
    return true;
}

bool space_is_mapped(struct address_space *space, uintptr_t start, uintptr_t end)
{
    space_lock_read(space);
    bool result = is_mapped_locked(space, start, end);
    space_unlock_read(space);
    return result;
}

/* A page counts if the tables have it, or its object: then a fault would not have to wait. */
static bool is_resident(struct address_space *space, uintptr_t address)
{
    struct area *area = area_find(&space->areas, address);
    struct page *page = NULL;
    unsigned int level;
    pte_t leaf;

    if (pt_query(space->root, address, &leaf, &level))
        return true;
    if (area->object)
        object_page(area->object, area->object_page + ((address - area->start) >> PAGE_SHIFT),
                    false, &page);
    if (page)
        page_put(page);
    return page != NULL;
}

int space_residency(struct address_space *space, uintptr_t start, size_t pages,
                    unsigned char *resident)
{
    space_lock_read(space);
    int error = is_mapped_locked(space, start, start + pages * PAGE_SIZE) ? 0 : -ENOMEM;
    for (size_t i = 0; !error && i < pages; i++)
        resident[i] = is_resident(space, start + i * PAGE_SIZE);
    space_unlock_read(space);
    return error;
}
