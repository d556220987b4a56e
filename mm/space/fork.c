// SPDX-License-Identifier: MIT
/*
 * The copy of an address space that fork makes: the same VMAs, and those of their pages that page
 * faults in the child would not find again.
 */
#include <asm/errno.h>

#include "arch/cpu/bug.h"
#include "mm/page/page.h"
#include "mm/space/address_space.h"
#include "mm/space/mmap.h"
#include "mm/table/page_table.h"

struct copy {
    struct address_space *space, *child;
    bool shared;
};

/*
 * Copies a run of the parent's leaves, unless all are empty, to the child's table. Leaves that are
 * not shared lose W and PTE_OWNED on both sides, so that a write makes a copy.
 */
static int copy_run(const struct pt_run *run, void *context)
{
    struct copy *copy = context;
    pte_t *from = run->entries;
    unsigned int count = run->count;
    uint64_t kept = copy->shared ? UINT64_MAX : ~(PTE_W | PTE_OWNED);
    uint64_t copied = 0;
    unsigned int i = 0;
    unsigned int level;

    while (i < count && pte_is_empty(from[i]))
        i++;
    if (i == count)
        return 0;
    pte_t *to = pt_entry(copy->child->root, run->address, run->level, PT_CREATE, &level);
    if (!to)
        return -ENOMEM;
    assert(level == run->level);
    for (; i < count; i++) {
        pte_t old = from[i];
        if (pte_is_empty(old))
            continue;
        to[i].value = from[i].value = old.value & kept;
        if (old.value & ~kept & PTE_W)
            space_gather_leaf_locked(copy->space, run, i, old);
        if (!leaf_is_zero_page(old))
            page_get(page_of(pte_address(old)));
        copied++;
    }
    copy->child->resident_pages += copied << (pte_level_shift(run->level) - PAGE_SHIFT);
    return 0;
}

/* Whether faults find all pages again, in the object: then nothing has to be copied. */
static bool can_be_found_again(const struct vma *vma)
{
    return vma->object && !vma->has_copies && !(vma->flags & VMA_HUGETLB);
}

/*
 * Makes a tree of the same shape, so nothing has to be compared or balanced. From left to right,
 * each VMA is linked to its neighbour, *last.
 */
static int copy_vmas(const struct vma *from, struct vma *parent, struct vma **to, struct vma **last)
{
    if (!from)
        return 0;
    struct vma *twin = vma_create(from);
    if (!twin)
        return -ENOMEM;
    twin->flags &= (uint8_t) ~(VMA_RESERVED | VMA_LOCKED);
    RB_PARENT(twin, link) = parent;
    RB_LEFT(twin, link) = RB_RIGHT(twin, link) = NULL;
    *to = twin;
    int error = copy_vmas(RB_LEFT(from, link), twin, &RB_LEFT(twin, link), last);
    twin->previous = *last;
    twin->next = NULL;
    if (*last)
        (*last)->next = twin;
    *last = twin;
    return error ? error : copy_vmas(RB_RIGHT(from, link), twin, &RB_RIGHT(twin, link), last);
}

static int copy_pages(struct address_space *space, struct address_space *child,
                      const struct vma *vma)
{
    struct copy copy = {.space = space, .child = child, .shared = vma->flags & VMA_SHARED};
    struct pt_walk walk = {.visit = copy_run, .context = &copy, .level = 1};

    if ((vma->flags & VMA_WIPE) || can_be_found_again(vma))
        return 0;
    /* Large pages are shared as small ones, so that either side can write and unmap a part. */
    if (!(vma->flags & VMA_HUGETLB))
        walk.flags = PT_SPLIT_ALL;
    return pt_walk(space->root, vma->start, vma->end, &walk);
}

static void leave_out(struct address_space *child, struct vma *vma)
{
    child->mapped_pages -= (vma->end - vma->start) >> PAGE_SHIFT;
    vma_remove(&child->vmas, vma);
    vma_destroy(vma);
}

/* Goes through the child's VMAs, which are copies of the parent's. */
static int copy_all_pages(struct address_space *space, struct address_space *child)
{
    struct vma *vma, *next;
    int error = 0;

    for (vma = RB_MIN(vma_tree, &child->vmas); vma && !error; vma = next) {
        next = vma->next;
        if (vma->flags & VMA_NO_FORK)
            leave_out(child, vma);
        else
            error = copy_pages(space, child, vma);
    }
    return error;
}

struct address_space *space_copy(struct address_space *space)
{
    struct address_space *child = space_create();
    struct vma *last = NULL;
    int error;

    if (!child)
        return NULL;
    space_lock_write(space);
    child->key_map = __atomic_load_n(&space->key_map, __ATOMIC_RELAXED);
    child->brk_start = space->brk_start;
    child->brk = space->brk;
    child->vdso = space->vdso;
    child->mapped_pages = space->mapped_pages;
    child->stack_limit = space->stack_limit;
    child->membarriers = __atomic_load_n(&space->membarriers, __ATOMIC_RELAXED);
    TELL(space_is_made, child, space, true);
    child->vmas.count = space->vmas.count;
    error = copy_vmas(RB_ROOT(&space->vmas), NULL, &RB_ROOT(&child->vmas), &last);
    if (!error)
        error = copy_all_pages(space, child);
    space_flush_locked(space);
    space_unlock_write(space);
    if (error) {
        space_put(child);
        return NULL;
    }
    return child;
}
