// SPDX-License-Identifier: MIT
#include "mm/space/fault.h"

#include <asm/errno.h>
#include <asm/mman.h>
#include <asm/siginfo.h>
#include <asm/signal.h>

#include "libc/include/string.h"
#include "mm/object/object.h"
#include "mm/page/page.h"
#include "mm/table/page_table.h"

static struct page *copy_of(struct page *source)
{
    struct page *page = page_alloc(0, PAGE_ANY);

    if (page)
        memcpy(page_address(page), page_address(source), PAGE_SIZE);
    return page;
}

/* The VMA gets a page of its own, which fork() has to copy. Others may store this at once. */
static void note_copy(const struct fault *fault)
{
    __atomic_store_n(&fault->vma->has_copies, true, __ATOMIC_RELAXED);
}

void fault_fill(const struct fault *fault, struct page *page, bool owned)
{
    uint64_t bits = space_leaf_bits(fault->vma, owned) | (fault->level > 1 ? PTE_PS : 0);

    if (pt_replace(fault->entry, fault->seen, pte_make(page_paddr(page), bits)))
        space_count_resident(fault->space, 1l << (pte_level_shift(fault->level) - PAGE_SHIFT));
    else if (page_paddr(page).value != space_zero_page.value)
        page_put(page);
}

/*
 * A page of an object: shared, or a private copy; a private page that is only read stays the
 * object's. The size is read with the space's lock held: see zap_all() in fs/more/tmpfs_cut.c.
 */
static int map_object_page(struct fault *fault)
{
    const struct vma *vma = fault->vma;
    bool shared = vma->flags & VMA_SHARED;
    uint64_t index = vma->object_page + ((fault->address - vma->start) >> PAGE_SHIFT);
    struct page *page;

    if (index >= align_up(object_size(vma->object), PAGE_SIZE) >> PAGE_SHIFT)
        return refuse(fault->verdict, SIGBUS, BUS_ADRERR, vma);
    int error = object_page(vma->object, index, true, &page);
    if (error)
        return refuse(fault->verdict, error == -ENOSPC ? SIGBUS : SIGKILL, BUS_ADRERR, vma);
    if (fault->write && !shared) {
        struct page *copy = copy_of(page);
        page_put(page);
        if (!copy)
            return refuse(fault->verdict, SIGKILL, 0, vma);
        note_copy(fault);
        page = copy;
    }
    if (fault->write && shared)
        object_written(vma->object);
    fault_fill(fault, page, shared || fault->write);
    return 0;
}

static int map_anonymous_page(struct fault *fault)
{
    struct page *page = fault->write ? page_alloc(0, PAGE_ZERO) : page_of(space_zero_page);

    if (!page)
        return refuse(fault->verdict, SIGKILL, 0, fault->vma);
    fault_fill(fault, page, fault->write);
    return 0;
}

/*
 * A leaf of this space has a new page. The old one may be freed only when no CPU has its
 * translation; until then this thread may not write to the new one, because others still read the
 * old.
 */
static void replace_page(const struct fault *fault, struct page *old, pte_t new)
{
    struct tlb_batch batch = {0};
    uintptr_t start = align_down(fault->address, pte_level_size(fault->level));

    tlb_check_change(&fault->space->cpus, start, fault->seen, new);
    tlb_batch_add(&batch, start);
    tlb_flush(&fault->space->cpus, &batch);
    if (!leaf_is_zero_page(fault->seen))
        page_put(old);
}

static inline void put_copy(const struct fault *fault, struct page *old, struct page *page)
{
    uint64_t bits = space_leaf_bits(fault->vma, true) | (fault->seen.value & PTE_PS);
    pte_t new = pte_make(page_paddr(page), bits);

    note_copy(fault);
    bool won = pt_replace(fault->entry, fault->seen, new);
    if (won && page != old)
        replace_page(fault, old, new);
    else if (!won && page != old)
        page_put(page);
}

/* A write to a page that others may use too: copies it, unless the others are gone. */
static int copy_on_write(const struct fault *fault)
{
    struct page *old = page_of(pte_address(fault->seen));
    struct page *page = old;

    if (leaf_is_zero_page(fault->seen))
        page = page_alloc(0, PAGE_ZERO);
    else if (__atomic_load_n(&old->references, __ATOMIC_ACQUIRE) > 1)
        page = copy_of(old);
    if (!page)
        return refuse(fault->verdict, SIGKILL, 0, fault->vma);
    put_copy(fault, old, page);
    return 0;
}

static inline int resolve(struct fault *fault)
{
    fault->entry = pt_entry(fault->space->root, fault->address, 1, PT_CREATE, &fault->level);
    if (!fault->entry)
        return refuse(fault->verdict, SIGKILL, 0, fault->vma);
    fault->seen = pt_load(fault->entry);
    if (pte_is_empty(fault->seen))
        return fault->vma->object ? map_object_page(fault) : map_anonymous_page(fault);
    if (fault->write && !(fault->seen.value & PTE_OWNED))
        return copy_on_write(fault);
    return 0;
}

/* ---- for large pages too; inlined above for small ones ---- */

void fault_put_copy(const struct fault *fault, struct page *old, struct page *page)
{
    put_copy(fault, old, page);
}

int fault_resolve(struct fault *fault)
{
    return resolve(fault);
}

int space_resolve_locked(struct address_space *space, struct vma *vma, uintptr_t address,
                         bool write, struct fault_verdict *verdict)
{
    struct fault fault = {
        .space = space, .vma = vma, .address = address, .write = write, .verdict = verdict};

    if ((vma->flags & (VMA_HUGE | VMA_HUGETLB)) && page_pool())
        return page_pool()->resolve(&fault);
    return resolve(&fault);
}
