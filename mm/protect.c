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

/*
 * All leaves of an area have its rights, so what changes is the same for each: bits to be flipped.
 * W alone differs, where a page is not the space's own yet and waits for a copy.
 */
struct leaf_change {
    uint64_t flip; /* of P, NX and the key */
    bool writing;  /* the right to write comes or goes: W of the leaves that are owned */
    bool weaker;   /* a right is lost, or the key is another: translations have to go */
    struct address_space *space;
};

/* PTE_OWNED moves down to PTE_W, so that the loop needs no branch for copy-on-write. */
#define OWNED_TO_W 8
_Static_assert(PTE_OWNED >> OWNED_TO_W == PTE_W, "the shift below");

/* Returns 1 for a leaf and 0 for an empty entry. */
static inline unsigned int flip_leaf(const struct pt_run *run, unsigned int i,
                                     const struct leaf_change *change, uint64_t w)
{
    pte_t *entry = &run->entries[i];
    pte_t leaf = *entry;

    if (pte_is_empty(leaf))
        return 0;
    entry->value = leaf.value ^ change->flip ^ (leaf.value >> OWNED_TO_W & w);
    tlb_check_change(&change->space->cpus, run->address + i * pte_level_size(run->level), leaf,
                     *entry);
    return 1;
}

/*
 * The whole cost of a change of key: one pass over plain words, for a table at a time. w: PTE_W if
 * that changes, or 0. Returns how many leaves there are.
 */
static inline __attribute__((always_inline)) unsigned int
flip_run(const struct pt_run *run, const struct leaf_change *change, uint64_t w)
{
    struct leaf_change copy = *change; /* which no store to a table can change */
    struct pt_run rest = *run;
    unsigned int leaves = 0;

    for (; rest.count >= 8; rest.count -= 8, rest.entries += 8) {
#pragma GCC unroll 8
        for (unsigned int i = 0; i < 8; i++)
            leaves += flip_leaf(&rest, i, &copy, w);
        rest.address += 8 * pte_level_size(run->level);
    }
    for (unsigned int i = 0; i < rest.count; i++)
        leaves += flip_leaf(&rest, i, &copy, w);
    return leaves;
}

static int change_run(const struct pt_run *run, void *context)
{
    const struct leaf_change *change = context;
    unsigned int leaves = change->writing ? flip_run(run, change, PTE_W) : flip_run(run, change, 0);

    if (change->weaker)
        space_gather_run_locked(change->space, run, leaves);
    return 0;
}

/*
 * Gives an area and the leaves that are there new rights. What only gains rights needs no
 * invalidation: a CPU that meets an older translation faults, which drops it, and tries again.
 * Leaves of an area without any right are in no TLB.
 */
static inline void set_rights(struct address_space *space, struct area *area, uint8_t prot,
                              uint8_t key)
{
    struct leaf_change change = {
        .flip = pte_key_bits(area->key ^ key),
        .writing = (area->prot ^ prot) & PROT_WRITE,
        .weaker = area->prot && (area->key != key || (area->prot & ~prot)),
        .space = space,
    };
    struct pt_walk walk = {.visit = change_run, .context = &change, .level = 1};

    if (area->prot != prot) {
        uint64_t before = space_leaf_bits(area, false);
        area->prot = prot;
        change.flip |= (before ^ space_leaf_bits(area, false)) & (PTE_P | PTE_NX);
    }
    area->key = key;
    pt_walk(space->root, area->start, area->end, &walk);
}

void space_set_rights_locked(struct address_space *space, struct area *area, uint8_t prot,
                             uint8_t key)
{
    set_rights(space, area, prot, key);
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

    prot &= PROT_RWX; /* with PROT_SEM it was not exactly PROT_EXEC */
    if (prot & ~area->max_prot)
        return -EACCES;
    if (space->mdwe && space_refuses_exec_locked(space, area->prot, prot))
        return -EACCES;
    if (area->prot == prot && area->key == new_key)
        return 0;
    end = end < area->end ? end : area->end;
    if (area_is_data(prot, area->flags) && !area_is_data(area->prot, area->flags) &&
        space_check_data_locked(space, end - start))
        return -ENOMEM;
    if (start != area->start || end != area->end) {
        int error = space_split_bounds_locked(space, start, end);
        if (error)
            return error;
        area = area_find(&space->areas, start);
    }
    set_rights(space, area, (uint8_t)prot, new_key);
    area_merge(&space->areas, area);
    return 0;
}

static int protect_locked(struct address_space *space, uintptr_t start, uintptr_t end, int prot,
                          int grows, int key)
{
    struct area *area = area_find(&space->areas, start);

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
    int error = space_check_guards_locked(space, start, end, key);
    if (error)
        return error;
    for (uintptr_t at = start;; area = area_find(&space->areas, at)) {
        if (!area_holds(area, at))
            return -ENOMEM;
        uintptr_t stop = area->end;
        error = protect_area(space, area, at, end, prot, key);
        if (error || stop >= end)
            return error;
        at = stop;
    }
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
    space_lock_write(space);
    /* With the lock, so that pkey_release() sees all memory under a key that it frees. */
    if (key != -1 && !keys_is_allocated(&space->key_map, key))
        error = -EINVAL;
    else
        error = protect_locked(space, start, end, prot, grows, key);
    space_unlock_write(space);
    return error;
}
