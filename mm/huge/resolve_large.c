// SPDX-License-Identifier: MIT
/* Faults where large pages are wanted: MAP_HUGETLB's, of the pool, and MADV_HUGEPAGE's. */
#include <asm/siginfo.h>
#include <asm/signal.h>

#include "arch/cpu/types.h"
#include "libc/include/string.h"
#include "mm/huge/huge_pages.h"
#include "mm/space/fault.h"
#include "mm/table/page_table.h"

/* ---- MAP_HUGETLB ---- */

/* A page of the pool, which a VMA without a promise may have to do without. */
static int map_pool_page(struct fault *fault)
{
    struct page *page = huge_page_take();

    if (!page)
        return refuse(fault->verdict, SIGBUS, BUS_ADRERR, fault->vma);
    fault_fill(fault, page, true);
    return 0;
}

static int copy_pool_page(struct fault *fault)
{
    struct page *old = page_of(pte_address(fault->seen));
    struct page *page = pool_page_is_exclusive(old) ? old : huge_page_take();

    if (!page)
        return refuse(fault->verdict, SIGBUS, BUS_ADRERR, fault->vma);
    if (page != old)
        memcpy(page_address(page), page_address(old), HUGE_PAGE_SIZE);
    fault_put_copy(fault, old, page);
    return 0;
}

static int resolve_pool_page(struct fault *fault)
{
    if (pte_is_empty(fault->seen))
        return map_pool_page(fault);
    if (fault->write && !(fault->seen.value & PTE_OWNED))
        return copy_pool_page(fault);
    return 0;
}

/* ---- MADV_HUGEPAGE ---- */

/* A page of 2 MiB where the VMA holds all of it; false when it must be a small one. */
static bool map_large_page(struct fault *fault)
{
    const struct vma *vma = fault->vma;
    uintptr_t start = align_down(fault->address, HUGE_PAGE_SIZE);

    if (vma->object || start < vma->start || start + HUGE_PAGE_SIZE > vma->end)
        return false;
    struct page *block = page_alloc(PAGE_ORDER_2M, PAGE_ZERO);
    if (block)
        fault_fill(fault, block, true);
    return block;
}

int large_page_resolve(struct fault *fault)
{
    fault->entry = pt_entry(fault->space->root, fault->address, 2, PT_CREATE, &fault->level);
    if (!fault->entry)
        return refuse(fault->verdict, SIGKILL, 0, fault->vma);
    fault->seen = pt_load(fault->entry);
    if (fault->vma->flags & VMA_HUGETLB)
        return resolve_pool_page(fault);
    if (pte_is_empty(fault->seen) && map_large_page(fault))
        return 0;
    return fault_resolve(fault);
}

/* ---- splitting ---- */

int large_page_split_locked(struct address_space *space, uintptr_t at)
{
    struct pt_walk split = {.flags = PT_SPLIT, .level = 1};
    unsigned int level;
    uintptr_t start = align_down(at, pte_level_size(2));

    if (at == start)
        return 0;
    pte_t *entry = pt_entry(space->root, at, 1, 0, &level);
    if (!entry || level == 1)
        return 0;
    /* No CPU may have the large page and the small ones at the same time. */
    tlb_batch_add(&space->gather.batch, start);
    return pt_walk(space->root, at, at + PAGE_SIZE, &split);
}
