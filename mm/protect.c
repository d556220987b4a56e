// SPDX-License-Identifier: MIT
/*
 * mprotect and pkey_mprotect: the same thing, with key -1 or another.
 *
 * Checks, in Linux's order; then area by area from left to right: split, set, one walk over the
 * tables, merge; then, as the lock is let go, one invalidation for all that became weaker.
 */
#include <asm/errno.h>
#include <asm/mman.h>

#include "mm/keys.h"
#include "mm/mmap.h"
#include "mm/page_table.h"

#define PROT_RWX   (PROT_READ | PROT_WRITE | PROT_EXEC)
#define PROT_GROWS (PROT_GROWSDOWN | PROT_GROWSUP)

struct leaf_change {
    uint64_t set;      /* P, NX and the key of the new rights */
    uint64_t writable; /* PTE_W, or 0 */
    bool weaker;       /* a right is lost, or the key is another: translations have to go */
    struct address_space *space;
};

/* PTE_OWNED moves down to PTE_W, so that the loop needs no branch for copy-on-write. */
#define OWNED_TO_W 8
_Static_assert(PTE_OWNED >> OWNED_TO_W == PTE_W, "the shift below");

#define LEAF_KEPT (PTE_ADDRESS_MASK | PTE_U | PTE_A | PTE_D | PTE_PS | PTE_OWNED)

/* The whole cost of a change of key: one pass over plain words, for a table at a time. */
static int change_run(const struct pt_run *run, void *context)
{
    struct leaf_change *change = context;
    uint64_t set = change->set;
    uint64_t writable = change->writable;
    uint64_t found = 0;

    for (unsigned int i = 0; i < run->count; i++) {
        uint64_t leaf = run->entries[i].value;
        if (!leaf)
            continue;
        found |= leaf;
        run->entries[i].value = (leaf & LEAF_KEPT) | set | (leaf >> OWNED_TO_W & writable);
        tlb_check_change(&change->space->cpus, run->address + i * pte_level_size(run->level),
                         (pte_t){leaf}, run->entries[i]);
    }
    if (change->weaker && (found & PTE_P))
        space_gather_run_locked(change->space, run);
    return 0;
}

/*
 * Writes an area's new rights into the leaves that are there. What only gains rights needs no
 * invalidation: a CPU that meets an older translation faults, which drops it, and tries again.
 */
static void apply_rights(struct address_space *space, const struct area *area, bool weaker)
{
    struct leaf_change change = {
        .set = space_leaf_bits(area, false) & (PTE_P | PTE_NX | PTE_KEY_MASK),
        .writable = area->prot & PROT_WRITE ? PTE_W : 0,
        .weaker = weaker,
        .space = space,
    };
    struct pt_walk walk = {.visit = change_run, .context = &change, .level = 1};

    pt_walk(space->root, area->start, area->end, &walk);
}

/*
 * The key that an area gets. A key that was asked for counts. Otherwise exactly PROT_EXEC takes
 * the execute-only key if one is to be had, leaving it goes back to key 0, and else the key stays.
 */
static uint8_t key_for_protection(struct address_space *space, const struct area *area, int prot,
                                  int key)
{
    if (key >= 0)
        return (uint8_t)key;
    if (prot == PROT_EXEC) {
        key = keys_take_execute_only(&space->key_map);
        if (key > 0)
            return (uint8_t)key;
    } else if (area->prot == PROT_EXEC && area->key == keys_execute_only(&space->key_map)) {
        return 0;
    }
    return area->key;
}

/* Changes the part of an area, which holds start, that lies in [start, end). */
static int protect_area(struct address_space *space, struct area *area, uintptr_t start,
                        uintptr_t end, int prot, int key)
{
    uint8_t new_key = key_for_protection(space, area, prot, key);

    if (prot & ~area->max_prot)
        return -EACCES;
    if (area->prot == prot && area->key == new_key)
        return 0;
    end = end < area->end ? end : area->end;
    if (area_is_data(prot, area->flags) && !area_is_data(area->prot, area->flags) &&
        space_check_data_locked(space, end - start))
        return -ENOMEM;
    int error = space_split_bounds_locked(space, start, end);
    if (error)
        return error;
    area = area_find(&space->areas, start);
    bool weaker = area->key != new_key || (area->prot & ~prot);
    area->prot = (uint8_t)prot;
    area->key = new_key;
    apply_rights(space, area, weaker);
    area_merge(&space->areas, area);
    return 0;
}

static int protect_locked(struct address_space *space, uintptr_t start, uintptr_t end, int prot,
                          int grows, int key)
{
    struct area *area = area_find(&space->areas, start);
    int error = 0;

    if (!area)
        return -ENOMEM;
    if (grows & PROT_GROWSDOWN) {
        if (area->start >= end)
            return -ENOMEM;
        start = area->start;
        if (!(area->flags & AREA_GROWS_DOWN))
            return -EINVAL;
    } else if (area->start > start) {
        return -ENOMEM;
    } else if (grows & PROT_GROWSUP) {
        return -EINVAL;
    }
    for (uintptr_t at = start; at < end;) {
        if (!area_holds(area, at)) {
            error = -ENOMEM;
            break;
        }
        uintptr_t stop = area->end;
        error = protect_area(space, area, at, end, prot, key);
        if (error)
            break;
        at = stop;
        area = area_find(&space->areas, at);
    }
    return error;
}

int space_protect(struct address_space *space, uintptr_t start, size_t size, int prot, int key)
{
    int grows = prot & PROT_GROWS;
    uintptr_t end;
    int error;

    prot &= ~PROT_GROWS;
    if (grows == PROT_GROWS || start % PAGE_SIZE)
        return -EINVAL;
    if (size == 0)
        return 0;
    end = start + align_up(size, PAGE_SIZE);
    if (end <= start)
        return -ENOMEM;
    if (prot & ~(PROT_RWX | PROT_SEM))
        return -EINVAL;
    if (key != -1 && !keys_is_allocated(&space->key_map, key))
        return -EINVAL;
    space_lock_write(space);
    error = protect_locked(space, start, end, prot & PROT_RWX, grows, key);
    space_unlock_write(space);
    return error;
}
