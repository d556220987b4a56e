// SPDX-License-Identifier: MIT
#include "mm/table/page_table.h"

#include <asm/errno.h>

#include "arch/cpu/bug.h"

/* An entry that points to a table allows everything: the leaf below decides. */
#define TABLE_BITS      (PTE_P | PTE_W | PTE_A)
#define TABLE_BITS_USER (TABLE_BITS | PTE_U)

paddr_t pt_alloc_table(void)
{
    struct page *page = page_alloc(0, PAGE_ZERO);

    return page ? page_paddr(page) : paddr(0);
}

int pt_make_table(pte_t *entry, uintptr_t address)
{
    paddr_t table = pt_alloc_table();

    if (table.value == 0)
        return -ENOMEM;
    pte_t new = pte_make(table, address < USER_END ? TABLE_BITS_USER : TABLE_BITS);
    if (!pt_replace(entry, (pte_t){0}, new))
        page_put(page_of(table));
    return 0;
}

int pt_split_leaf(pte_t *entry, unsigned int level, uintptr_t address)
{
    pte_t leaf = *entry;
    paddr_t table = pt_alloc_table();
    uint64_t step = pte_level_size(level - 1);
    uint64_t bits = leaf.value & ~PTE_ADDRESS_MASK;

    if (table.value == 0)
        return -ENOMEM;
    if (level == 2) {
        bits &= ~PTE_PS;
        if (address < USER_END)
            page_split(page_of(pte_address(leaf)));
    }
    pte_t *entries = direct_map(table);
    for (unsigned int i = 0; i < PTE_PER_TABLE; i++)
        entries[i] = pte_make(paddr_add(pte_address(leaf), i * step), bits);
    *entry = pte_make(table, address < USER_END ? TABLE_BITS_USER : TABLE_BITS);
    return 0;
}

/*
 * From the root down, one table per level, as the CPU does it. The key plays no part on the way:
 * only the leaf has one (SDM vol. 3A, 4.6.2).
 */
pte_t *pt_entry_plain(paddr_t root, uintptr_t address, unsigned int level, unsigned int flags,
                      unsigned int *found)
{
    pte_t *table = direct_map(root);

    for (*found = PTE_LEVELS;; --*found) {
        pte_t *entry = &table[pte_index(address, *found)];
        if (*found == level)
            return entry;
        if (pte_is_empty(pt_load(entry)) && (!(flags & PT_CREATE) || pt_make_table(entry, address)))
            return NULL;
        pte_t seen = pt_load(entry); /* another CPU may have put a large page there */
        if (pte_is_leaf(seen, *found))
            return entry;
        table = pt_table_of(seen);
    }
}

void pt_free_table(pte_t *entry, const struct pt_walk *walk)
{
    struct page *page = page_of(pte_address(*entry));
    entry->value = 0;
    page_note_zero(page);
    if (walk->free_table)
        walk->free_table(page, walk->context);
    else
        page_put(page);
}

/* The end of the entry's span, or of the range if that is nearer; either may be 2^64, that is 0. */
static uintptr_t span_end(uintptr_t address, unsigned int level, uintptr_t end)
{
    uintptr_t next = align_down(address, pte_level_size(level)) + pte_level_size(level);

    return next - address < end - address ? next : end;
}

/* Frees the tables below one of this level that only the range needs, lowest level first. */
static void free_tables(pte_t *table, unsigned int level, uintptr_t start, uintptr_t end,
                        const struct pt_walk *walk)
{
    for (uintptr_t at = start, next; at != end; at = next) {
        pte_t *entry = &table[pte_index(at, level)];
        next = span_end(at, level, end);
        if (pte_is_empty(*entry) || pte_is_leaf(*entry, level))
            continue;
        if (level > 2)
            free_tables(pt_table_of(*entry), level - 1, at, next, walk);
        if (pt_may_free_table(level, at, walk))
            pt_free_table(entry, walk);
    }
}

/* Whether a leaf that maps the address is to be split before the range is visited. */
static bool must_split(unsigned int level, uintptr_t at, uintptr_t next, const struct pt_walk *walk)
{
    bool covered = next - at == pte_level_size(level);

    return level > 1 && level != walk->level &&
           (walk->flags & (covered ? PT_SPLIT_ALL : PT_SPLIT | PT_SPLIT_ALL));
}

/* Visits one entry; *next is where to continue: here again after a leaf was split. */
static int walk_entry(paddr_t root, uintptr_t at, uintptr_t end, const struct pt_walk *walk,
                      uintptr_t *next)
{
    unsigned int level;
    pte_t *entry = pt_entry_plain(root, at, walk->level, walk->flags, &level);

    /* A table in the place of a large leaf: its entries are visited. */
    if (entry && !pte_is_empty(*entry) && !pte_is_leaf(*entry, level))
        entry = pt_entry_plain(root, at, 1, walk->flags, &level);
    *next = span_end(at, level, end);
    if (!entry) /* nothing is mapped by this entry of level */
        return walk->flags & PT_CREATE ? -ENOMEM : 0;
    if (must_split(level, at, *next, walk)) {
        *next = at;
        return pt_split_leaf(entry, level, at);
    }
    struct pt_run run = {entry, 1, level, at};
    return walk->visit ? walk->visit(&run, walk->context) : 0;
}

int pt_walk_plain(paddr_t root, uintptr_t start, uintptr_t end, const struct pt_walk *walk)
{
    assert(walk->level >= 1 && walk->level < PTE_LEVELS);
    for (uintptr_t at = start, next; at != end; at = next) {
        int error = walk_entry(root, at, end, walk, &next);
        if (error)
            return error;
    }
    if (walk->flags & PT_FREE_TABLES)
        free_tables(direct_map(root), PTE_LEVELS, start, end, walk);
    return 0;
}

__attribute__((weak, alias("pt_entry_plain"))) typeof(pt_entry_plain) pt_entry;
__attribute__((weak, alias("pt_walk_plain"))) typeof(pt_walk_plain) pt_walk;
