// SPDX-License-Identifier: MIT
/*
 * The walk over page tables, fast: straight to the lowest table that holds all of the range, and
 * runs of entries instead of one at a time. What it visits, and in which order, is what the plain
 * walk of mm/table/page_table.c visits.
 */
#include <asm/errno.h>

#include "arch/cpu/bug.h"
#include "mm/fast/descend.h"

static int visit(const struct pt_walk *walk, pte_t *entries, unsigned int count, unsigned int level,
                 uintptr_t address)
{
    struct pt_run run = {entries, count, level, address};

    return walk->visit ? walk->visit(&run, walk->context) : 0;
}

static int walk_large(pte_t *entry, unsigned int level, uintptr_t start, uintptr_t end,
                      const struct pt_walk *walk);

/* The table that holds start, from the entry for it on. */
static inline int walk_from(pte_t *entry, unsigned int level, uintptr_t start, uintptr_t end,
                            const struct pt_walk *walk)
{
    if (level == 1)
        return visit(walk, entry, (end - start) >> PAGE_SHIFT, 1, start);
    return walk_large(entry, level, start, end, walk);
}

/* One entry above the level asked for; [start, end) is the part of its span that is wanted. */
static int walk_entry(pte_t *entry, unsigned int level, uintptr_t start, uintptr_t end,
                      const struct pt_walk *walk)
{
    int error = 0;

    if (pte_is_empty(pt_load(entry))) {
        if (!(walk->flags & PT_CREATE))
            return 0;
        error = pt_make_table(entry, start);
        if (error)
            return error;
    }
    pte_t seen = pt_load(entry);
    if (pte_is_leaf(seen, level)) {
        bool covered = end - start == pte_level_size(level);
        if (!(walk->flags & (covered ? PT_SPLIT_ALL : PT_SPLIT | PT_SPLIT_ALL)))
            return visit(walk, entry, 1, level, start);
        error = pt_split_leaf(entry, level, start);
    }
    if (error)
        return error;
    error = walk_from(pt_table_of(pt_load(entry)) + pte_index(start, level - 1), level - 1, start,
                      end, walk);
    if (!error && (walk->flags & PT_FREE_TABLES) && pt_may_free_table(level, start, walk))
        pt_free_table(entry, walk);
    return error;
}

/* Whether the walk ends at this entry. */
static bool ends_here(const pte_t *entry, unsigned int level, const struct pt_walk *walk)
{
    return level == walk->level && (pte_is_empty(*entry) || pte_is_leaf(*entry, level));
}

/* A table of a level above 1, which holds all of the range, from the entry for start on. */
static int walk_large(pte_t *entry, unsigned int level, uintptr_t start, uintptr_t end,
                      const struct pt_walk *walk)
{
    uint64_t size = pte_level_size(level);

    while (start != end) {
        uintptr_t next = (start | (size - 1)) + 1;
        unsigned int count = 1;
        int error;

        if (end - start < next - start)
            next = end;
        if (ends_here(entry, level, walk)) {
            error = visit(walk, entry, 1, level, start);
        } else if ((entry->value & PTE_PS) && next - start == size &&
                   !(walk->flags & PT_SPLIT_ALL)) {
            uint64_t most = (end - start) >> pte_level_shift(level);
            while (count < most && (entry[count].value & PTE_PS)) /* side by side: one run */
                count++;
            error = visit(walk, entry, count, level, start);
            next = start + count * size;
        } else {
            error = walk_entry(entry, level, start, next, walk);
        }
        if (error)
            return error;
        start = next;
        entry += count;
    }
    return 0;
}

int pt_walk(paddr_t root, uintptr_t start, uintptr_t end, const struct pt_walk *walk)
{
    uint64_t span = start ^ (end - 1); /* bits in which addresses of the range differ */
    unsigned int lowest = walk->level;
    unsigned int level;

    assert(walk->level >= 1 && walk->level < PTE_LEVELS);
    if (start == end)
        return 0;
    /* Straight to the lowest table that holds all of the range, while nothing is to do above it. */
    while (span >> pte_level_shift(lowest + 1))
        lowest++;
    if (walk->flags & PT_FREE_TABLES)
        while (lowest < PTE_LEVELS && pt_may_free_table(lowest + 1, start, walk))
            lowest++;
    pte_t *entry = pt_descend(root, start, lowest, &level);
    return walk_from(entry, level, start, end, walk);
}

pte_t *pt_entry(paddr_t root, uintptr_t address, unsigned int level, unsigned int flags,
                unsigned int *found)
{
    unsigned int at;
    pte_t *entry = pt_descend(root, address, level, &at);

    *found = at;
    return at == level ? entry : pt_entry_plain(root, address, level, flags, found);
}
