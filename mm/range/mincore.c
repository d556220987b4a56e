// SPDX-License-Identifier: MIT
/* mincore: which pages of a range are in memory. */
#include <asm/errno.h>

#include "arch/mmu/usercopy.h"
#include "kernel/call/syscall.h"
#include "kernel/task/task.h"
#include "mm/object/object.h"
#include "mm/space/address_space.h"
#include "mm/table/page_table.h"

/* A page counts if the tables have it, or its object: then a fault would not have to wait. */
static bool is_resident(struct address_space *space, const struct vma *vma, uintptr_t address)
{
    struct page *page = NULL;
    unsigned int level;
    pte_t leaf;

    if (pt_query(space->root, address, &leaf, &level))
        return true;
    if (vma->object)
        object_page(vma->object, vma->object_page + ((address - vma->start) >> PAGE_SHIFT), false,
                    &page);
    if (page)
        page_put(page);
    return page != NULL;
}

static int look(struct address_space *space, uintptr_t start, size_t pages, unsigned char *resident)
{
    int error = 0;

    space_lock_read(space);
    for (size_t i = 0; !error && i < pages; i++) {
        uintptr_t address = start + i * PAGE_SIZE;
        const struct vma *vma = vma_find(&space->vmas, address);
        if (vma_holds(vma, address))
            resident[i] = is_resident(space, vma, address);
        else
            error = -ENOMEM;
    }
    space_unlock_read(space);
    return error;
}

PARALLEL_SYSCALL3(mincore, uintptr_t, start, size_t, size, uintptr_t, vector)
{
    unsigned char resident[256];
    size_t pages = align_up(size, PAGE_SIZE) >> PAGE_SHIFT;

    if (start % PAGE_SIZE)
        return -EINVAL;
    if (!user_range_ok(start, size))
        return -ENOMEM;
    if (!user_range_ok(vector, pages))
        return -EFAULT;
    for (size_t done = 0; done < pages;) {
        size_t count = pages - done < sizeof(resident) ? pages - done : sizeof(resident);
        int error = look(current()->space, start + done * PAGE_SIZE, count, resident);
        if (error)
            return error;
        if (copy_to_user(vector + done, resident, count))
            return -EFAULT;
        done += count;
    }
    return 0;
}
