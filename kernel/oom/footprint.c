// SPDX-License-Identifier: MIT
#include "kernel/oom/footprint.h"

#include "mm/space/address_space.h"
#include "mm/table/page_table.h"

struct measure {
    struct footprint *footprint;
    const struct vma *vma;
    uintptr_t last; /* address of the latest table of leaves; 0: none yet */
};

struct footprint footprint_begin(void)
{
    static uint64_t counts;

    return (struct footprint){.count = ++counts};
}

/* Of a VMA with an object, what the space has copied is its own. */
static bool is_private(const struct vma *vma, pte_t leaf)
{
    if (pte_is_empty(leaf) || leaf_is_zero_page(leaf) || (vma->flags & VMA_HUGETLB))
        return false;
    return !vma->object || (!(vma->flags & VMA_SHARED) && (leaf.value & PTE_OWNED));
}

/*
 * Tables come by in ascending order, one or several times each. With the first of a gigabyte, and
 * of 512 of them, come those of the levels above.
 */
static void count_tables(struct measure *measure, const struct pt_run *run)
{
    for (unsigned int level = run->level + 1; level <= PTE_LEVELS; level++)
        if (!measure->last || align_down(run->address, pte_level_size(level)) !=
                                  align_down(measure->last, pte_level_size(level)))
            measure->footprint->tables++;
    measure->last = run->address;
}

static int count_run(const struct pt_run *run, void *context)
{
    struct measure *measure = context;
    uint64_t leaves = 0;

    for (unsigned int i = 0; i < run->count; i++)
        leaves += is_private(measure->vma, pt_load(&run->entries[i]));
    measure->footprint->memory += leaves << (pte_level_shift(run->level) - PAGE_SHIFT);
    count_tables(measure, run);
    return 0;
}

void footprint_add_space(struct footprint *footprint, struct address_space *space)
{
    struct measure measure = {.footprint = footprint};
    struct pt_walk walk = {.visit = count_run, .context = &measure, .level = 1};
    struct vma *vma;

    space_lock_read(space);
    RB_FOREACH (vma, vma_tree, &space->vmas) {
        measure.vma = vma;
        if (vma->object)
            footprint_add_object(footprint, vma->object);
        pt_walk(space->root, vma->start, vma->end, &walk);
    }
    footprint->tables += space->vmas.count * sizeof(struct vma) / PAGE_SIZE;
    space_unlock_read(space);
}
