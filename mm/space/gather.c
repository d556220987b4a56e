// SPDX-License-Identifier: MIT
/*
 * Taking pages and tables out of an address space: they are gathered, and freed after one
 * invalidation, at the end of the operation.
 */
#include "arch/cpu/bug.h"
#include "mm/page/page.h"
#include "mm/space/address_space.h"
#include "mm/table/page_table.h"

/* ---- gathering ---- */

static void free_gathered(struct space_gather *gather)
{
    struct page *page;

    while ((page = TAILQ_FIRST(&gather->pages))) {
        TAILQ_REMOVE(&gather->pages, page, link);
        page_put(page);
    }
    for (unsigned int i = 0; i < gather->shared_count; i++)
        page_put(gather->shared[i]);
    gather->shared_count = 0;
}

void space_flush_gathered_locked(struct address_space *space)
{
    struct space_gather *gather = &space->gather;

    if (gather->batch.pages) {
        tlb_flush(&space->cpus, &gather->batch);
        gather->batch.pages = 0;
        gather->batch.count = 0;
    }
    free_gathered(gather);
}

void space_remove_vma_locked(struct address_space *space, struct vma *vma)
{
    vma_remove(&space->vmas, vma);
    RB_LEFT(vma, link) = space->gather.vmas; /* out of the tree, it goes into a list by this link */
    space->gather.vmas = vma;
}

void space_unlock_write(struct address_space *space)
{
    struct vma *vma = space->gather.vmas;

    tlb_check_flushed(&space->cpus);
    space->gather.vmas = NULL;
    rwlock_write_unlock(&space->lock);
    while (vma) {
        struct vma *next = RB_LEFT(vma, link);
        vma_destroy(vma);
        vma = next;
    }
}

static void gather_page(struct address_space *space, struct page *page)
{
    struct space_gather *gather = &space->gather;

    /* The leaf's was the only reference, and new ones come only from leaves and objects. */
    if (__atomic_load_n(&page->references, __ATOMIC_RELAXED) == 1) {
        TAILQ_INSERT_TAIL(&gather->pages, page, link);
        return;
    }
    if (gather->shared_count == GATHER_SHARED_MAX)
        space_flush_locked(space);
    gather->shared[gather->shared_count++] = page;
}

void space_gather_leaf_locked(struct address_space *space, const struct pt_run *run,
                              unsigned int number, pte_t old)
{
    uintptr_t at = run->address + number * pte_level_size(run->level);

    tlb_check_change(&space->cpus, at, old, run->entries[number]);
    if (pte_is_present(old))
        tlb_batch_add(&space->gather.batch, at);
}

/* ---- freeing pages and tables ---- */

static int zap_run(const struct pt_run *run, void *context)
{
    struct address_space *space = context;
    uint64_t zapped = 0;

    for (unsigned int i = 0; i < run->count; i++) {
        pte_t entry = run->entries[i];
        if (pte_is_empty(entry))
            continue;
        run->entries[i].value = 0;
        space_gather_leaf_locked(space, run, i, entry);
        if (!leaf_is_zero_page(entry))
            gather_page(space, page_of(pte_address(entry)));
        zapped++;
    }
    if (zapped)
        space_count_resident(space,
                             -(int64_t)(zapped << (pte_level_shift(run->level) - PAGE_SHIFT)));
    return 0;
}

void space_zap_locked(struct address_space *space, uintptr_t start, uintptr_t end)
{
    struct pt_walk walk = {.visit = zap_run, .context = space, .flags = PT_SPLIT, .level = 1};
    int error = pt_walk(space->root, start, end, &walk);

    assert(!error); /* before this, callers have split what the range covers in part */
}

static void gather_table(struct page *page, void *context)
{
    gather_page(context, page);
}

/* Tables for [start, end) that serve nothing outside [floor, ceiling); rarely any. */
static __attribute__((noinline)) void free_tables(struct address_space *space, uintptr_t start,
                                                  uintptr_t end, uintptr_t floor, uintptr_t ceiling)
{
    struct pt_walk walk = {.context = space,
                           .flags = PT_FREE_TABLES,
                           .level = 1,
                           .floor = floor,
                           .ceiling = ceiling,
                           .free_table = gather_table};

    pt_walk(space->root, start, end, &walk);
}

void space_free_tables_locked(struct address_space *space, uintptr_t start, uintptr_t end,
                              struct vma *next)
{
    struct vma *previous = next ? next->previous : RB_MAX(vma_tree, &space->vmas);
    uintptr_t floor = previous ? previous->end : 0;
    /* USER_END is a page below 2^47, and no VMA has that page: its tables go with the others. */
    uintptr_t ceiling = next ? next->start : USER_END + PAGE_SIZE;
    uint64_t size = pte_level_size(2); /* what a table of the lowest level spans */

    /* Tables at either end that a neighbour uses too stay; often there are no others. */
    start = floor > align_down(start, size) ? align_up(start, size) : align_down(start, size);
    end = ceiling < align_up(end, size) ? align_down(end, size) : align_up(end, size);
    if (start < end)
        free_tables(space, start, end, floor, ceiling);
}
