// SPDX-License-Identifier: MIT
/*
 * What VMAs have in memory. The number of leaves that map a page follows from its references:
 * each leaf holds one, and so does the object that the page belongs to.
 */
#include "mm/usage/vma_usage.h"

#include "mm/object/object.h"
#include "mm/table/page_table.h"

struct measure {
    const struct vma *vma;
    struct vma_usage *usage;
};

static unsigned int references_of(const struct page *page)
{
    return __atomic_load_n(&page->references, __ATOMIC_RELAXED);
}

/* Whether the page is the object's own and not a private copy. */
static bool is_objects(const struct vma *vma, uintptr_t address, const struct page *page)
{
    struct page *found = NULL;

    if (!vma->object)
        return false;
    object_page(vma->object, vma->object_page + ((address - vma->start) >> PAGE_SHIFT), false,
                &found);
    if (found)
        page_put(found);
    return found == page;
}

static void count_pool_page(const struct measure *measure, const struct page *page)
{
    if (pool_page_is_exclusive(page))
        measure->usage->pool_private += HUGE_PAGE_SIZE;
    else
        measure->usage->pool_shared += HUGE_PAGE_SIZE;
}

static void count_page(const struct measure *measure, uintptr_t address, const struct page *page,
                       uint64_t size)
{
    struct vma_usage *usage = measure->usage;
    bool from_object = is_objects(measure->vma, address, page);
    bool dirty = !from_object || (measure->vma->flags & VMA_SHARED);
    unsigned int leaves = references_of(page) - from_object;

    usage->resident += size;
    usage->proportional += size / leaves;
    if (dirty)
        usage->proportional_dirty += size / leaves;
    if (!from_object)
        usage->anonymous += size;
    else if (!measure->vma->object->owner)
        usage->shared_pages += size;
    if (!from_object && size > PAGE_SIZE)
        usage->huge += size;
    if (leaves > 1)
        *(dirty ? &usage->shared_dirty : &usage->shared_clean) += size;
    else
        *(dirty ? &usage->private_dirty : &usage->private_clean) += size;
}

static int count_run(const struct pt_run *run, void *context)
{
    const struct measure *measure = context;
    uint64_t size = pte_level_size(run->level);

    for (unsigned int i = 0; i < run->count; i++) {
        paddr_t target = pte_address(run->entries[i]);

        if (pte_is_empty(run->entries[i]) || leaf_is_zero_page(run->entries[i]))
            continue;
        if (measure->vma->flags & VMA_HUGETLB)
            count_pool_page(measure, page_of(target));
        else
            count_page(measure, run->address + i * size, page_of(target), size);
    }
    return 0;
}

void vma_measure_locked(struct address_space *space, const struct vma *vma, struct vma_usage *usage)
{
    struct measure measure = {vma, usage};
    struct pt_walk walk = {.visit = count_run, .context = &measure, .level = 1};

    pt_walk(space->root, vma->start, vma->end, &walk);
}

static bool is_exclusive(const struct vma *vma, const struct page *page, bool from_object)
{
    if (vma->flags & VMA_HUGETLB)
        return pool_page_is_exclusive(page);
    return references_of(page) - from_object == 1;
}

bool space_view_page(struct address_space *space, uintptr_t address, struct page_view *view)
{
    unsigned int level;
    pte_t leaf;

    space_lock_read(space);
    struct vma *vma = vma_find(&space->vmas, address);
    bool found = vma_holds(vma, address) && pt_query(space->root, address, &leaf, &level);
    if (found) {
        const struct page *page = page_of(pte_address(leaf));

        *view = (struct page_view){.frame = (pte_address(leaf).value >> PAGE_SHIFT) +
                                            (address % pte_level_size(level) >> PAGE_SHIFT)};
        view->is_objects = is_objects(vma, address, page);
        view->is_exclusive = !leaf_is_zero_page(leaf) && is_exclusive(vma, page, view->is_objects);
    }
    space_unlock_read(space);
    return found;
}
