// SPDX-License-Identifier: MIT
/*
 * mprotect and pkey_mprotect: the same thing, with key -1 or another.
 *
 * Checks, in Linux's order; then VMA by VMA from left to right: split, set, one walk over the
 * tables, merge; then one invalidation for all that became weaker.
 */
#include <asm/errno.h>
#include <asm/mman.h>

#include "mm/space/keys.h"
#include "mm/space/mmap.h"
#include "mm/table/page_table.h"

#define PROT_GROWS (PROT_GROWSDOWN | PROT_GROWSUP)

/*
 * A leaf with the VMA's new rights and key. The page stays, and so does PTE_OWNED, which decides
 * on W (mm/space/resolve.c).
 */
static pte_t leaf_of(const struct vma *vma, pte_t old)
{
    uint64_t bits = space_leaf_bits(vma, old.value & PTE_OWNED) | (old.value & PTE_PS);

    return pte_make(pte_address(old), bits);
}

/* A VMA whose leaves are changed. */
struct leaf_change {
    struct address_space *space;
    const struct vma *vma;
    bool is_weaker;
};

static int change_run(const struct pt_run *run, void *context)
{
    const struct leaf_change *change = context;
    struct address_space *space = change->space;

    for (unsigned int i = 0; i < run->count; i++) {
        pte_t *entry = &run->entries[i];
        pte_t old = *entry;
        uintptr_t address = run->address + i * pte_level_size(run->level);
        if (pte_is_empty(old)) /* the first access will find the VMA's key */
            continue;
        *entry = leaf_of(change->vma, old);
        tlb_check_change(&space->cpus, address, old, *entry);
        if (change->is_weaker && pte_is_present(old))
            tlb_batch_add(&space->gather.batch, address);
    }
    return 0;
}

void space_change_leaves_plain(struct address_space *space, const struct vma *vma, uint8_t old_prot,
                               uint8_t old_key, bool is_weaker)
{
    struct leaf_change change = {space, vma, is_weaker};
    struct pt_walk walk = {.visit = change_run, .context = &change, .level = 1};

    (void)old_prot, (void)old_key; /* every leaf is rewritten as a whole */
    pt_walk(space->root, vma->start, vma->end, &walk);
}

/* clang-format off */
__attribute__((weak, alias("space_change_leaves_plain")))
typeof(space_change_leaves_plain) space_change_leaves;
/* clang-format on */

/*
 * Sets the rights and key of a VMA and of its existing leaves. If rights are only gained, nothing
 * is invalidated: a CPU with an older translation faults once, which drops that translation (SDM
 * vol. 3A, 4.10.4.1), and then finds the new entry. Leaves of a VMA without any right have P=0,
 * so no TLB has them. But another key counts as weaker, whatever the rights: a cached translation
 * has the old key, to which the thread may have every right.
 */
void space_set_rights_locked(struct address_space *space, struct vma *vma, uint8_t prot,
                             uint8_t key)
{
    bool is_weaker = vma->prot && (vma->key != key || (vma->prot & ~prot));
    uint8_t old_prot = vma->prot, old_key = vma->key;

    vma->prot = prot;
    vma->key = key;
    space_change_leaves(space, vma, old_prot, old_key, is_weaker);
}

/*
 * The key that a VMA gets: the one asked for; or else the execute-only key for exactly PROT_EXEC,
 * if one can be had; key 0 for a VMA that stops being execute-only; and otherwise the old one.
 */
static uint8_t key_for_protection(struct address_space *space, const struct vma *vma, int prot,
                                  int key)
{
    if (key >= 0)
        return (uint8_t)key;
    if (prot == PROT_EXEC) {
        key = keys_take_execute_only(&space->key_map);
        if (key > 0)
            return (uint8_t)key;
    } else if (vma->prot == PROT_EXEC && vma->key == keys_execute_only(&space->key_map)) {
        return 0;
    }
    return vma->key;
}

/* Changes the part of a VMA that lies in [start, end). The VMA holds start. */
static int protect_vma(struct address_space *space, struct vma *vma, uintptr_t start, uintptr_t end,
                       int prot, int key)
{
    uint8_t new_key = key_for_protection(space, vma, prot, key);

    prot &= PROT_RWX; /* with PROT_SEM it was not exactly PROT_EXEC */
    if (prot & ~vma->max_prot)
        return -EACCES;
    int error = space_check_protection_locked(space, vma->prot, prot, false);
    if (error)
        return error;
    if (vma->prot == prot && vma->key == new_key)
        return 0;
    end = end < vma->end ? end : vma->end;
    if (vma_is_data(prot, vma->flags) && !vma_is_data(vma->prot, vma->flags) &&
        space_check_growth_locked(space, 0, end - start))
        return -ENOMEM;
    if (start != vma->start || end != vma->end) {
        error = space_split_bounds_locked(space, start, end);
        if (error)
            return error;
        vma = vma_find(&space->vmas, start);
    }
    space_set_rights_locked(space, vma, (uint8_t)prot, new_key);
    vma_merge(&space->vmas, vma);
    return 0;
}

static int protect_locked(struct address_space *space, uintptr_t start, uintptr_t end, int prot,
                          int grows, int key)
{
    int known = grows ? ASK(protection_grows, space, &start, end, grows) : 1;

    if (known <= 0)
        return known ? known : -EINVAL;
    struct vma *vma = vma_find(&space->vmas, start);
    if (!vma_holds(vma, start))
        return -ENOMEM;
    int error = space_check_range_locked(space, start, end, key);
    if (error)
        return error;
    for (uintptr_t at = start;; vma = vma_find(&space->vmas, at)) {
        if (!vma_holds(vma, at))
            return -ENOMEM;
        uintptr_t stop = vma->end;
        error = protect_vma(space, vma, at, end, prot, key);
        if (error || stop >= end)
            return error;
        at = stop;
    }
}

int space_protect(struct address_space *space, uintptr_t start, size_t size, uint64_t prot, int key)
{
    int grows = (int)(prot & PROT_GROWS);
    uintptr_t end;
    int error;

    prot &= ~(uint64_t)PROT_GROWS;
    if (grows == PROT_GROWS || start % PAGE_SIZE)
        return -EINVAL;
    if (size == 0)
        return 0;
    end = start + align_up(size, PAGE_SIZE);
    if (end <= start)
        return -ENOMEM;
    if (prot & ~(uint64_t)(PROT_RWX | PROT_SEM))
        return -EINVAL;
    space_lock_write(space);
    /* Under the lock, so that pkey_release() sees all memory under a key that it frees. */
    if (key != -1 && !keys_is_allocated(&space->key_map, key))
        error = -EINVAL;
    else
        error = protect_locked(space, start, end, (int)prot, grows, key);
    space_flush_locked(space);
    space_unlock_write(space);
    return error;
}
