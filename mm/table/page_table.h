// SPDX-License-Identifier: MIT
/*
 * Page tables: the one walk over them, and what is built on it.
 *
 * The room owns the tables' shape, and the kernel's half (mm/table/kernel_map.h). It leaves what is
 * mapped where to mm/space/.
 *
 * pt_walk() goes through the four levels for a range of addresses and hands its visitor the entries
 * there: map, unmap and protect are a visitor each. The way of mm/table/page_table.c
 * is the plain one, an entry at a time from the root down. mm/fast/ provides a faster one, with
 * runs of neighbouring entries of one table.
 *
 * The caller holds the space's lock. With the lock for writing, entries are changed by plain
 * stores. These may lose an A or D bit that the CPU sets meanwhile, but nothing depends on those:
 * no page is swapped, no file is written back. With the lock for reading, others may fill in the
 * same tables, so an entry is changed by pt_replace() only, which fails if it is no longer as it
 * was read. Missing tables are always made in that way. Tables are freed with the lock for writing.
 *
 * Nothing here invalidates translations; the caller knows who may hold some (arch/mmu/tlb.h).
 */
#ifndef MM_TABLE_PAGE_TABLE_H
#define MM_TABLE_PAGE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/mmu/pte.h"
#include "mm/page/page.h"

/*
 * count entries of one table from entries[0], which maps address. All are of one kind: PTEs (level
 * 1, empty ones included), or (levels 2 and 3) large leaves and, at the level asked for, empty
 * entries.
 */
struct pt_run {
    pte_t *entries;
    unsigned int count;
    unsigned int level;
    uintptr_t address;
};

/* Returns 0 to continue; anything else ends the walk, which returns it. */
typedef int (*pt_visit_t)(const struct pt_run *run, void *context);

enum pt_walk_flags {
    PT_CREATE = 1 << 0,      /* make missing tables down to the level asked for */
    PT_SPLIT = 1 << 1,       /* a large leaf that the range covers in part is split */
    PT_SPLIT_ALL = 1 << 2,   /* so is one that it covers completely */
    PT_FREE_TABLES = 1 << 3, /* tables whose span lies in [floor, ceiling) are freed */
};

struct pt_walk {
    pt_visit_t visit; /* NULL: only make or free tables */
    void *context;
    unsigned int flags;
    unsigned int level;       /* of the entries to visit: 1, or 2 or 3 for large leaves */
    uintptr_t floor, ceiling; /* for PT_FREE_TABLES */
    void (*free_table)(struct page *page, void *context); /* NULL: page_put() */
};

/*
 * Provided. Walks [start, end), both multiples of the page size of the level asked for. Without
 * PT_SPLIT a large leaf is visited even if the range covers only a part of it. Returns 0, what the
 * visitor returned, or -ENOMEM.
 */
int pt_walk(paddr_t root, uintptr_t start, uintptr_t end, const struct pt_walk *walk);
int pt_walk_plain(paddr_t root, uintptr_t start, uintptr_t end, const struct pt_walk *walk);

/*
 * Provided. The entry for an address: of this level, or a leaf above it. *found is its level. NULL
 * if a table is missing and flags lack PT_CREATE, or there is no memory for it.
 */
pte_t *pt_entry(paddr_t root, uintptr_t address, unsigned int level, unsigned int flags,
                unsigned int *found);
pte_t *pt_entry_plain(paddr_t root, uintptr_t address, unsigned int level, unsigned int flags,
                      unsigned int *found);

/* ---- the steps of a walk ---- */

/* Puts a table into an empty entry, unless another CPU does so first: 0 or -ENOMEM. */
int pt_make_table(pte_t *entry, uintptr_t address);

/*
 * Replaces a large leaf by a table of 512 leaves of the next lower level with the same bits,
 * including the key: 0 or -ENOMEM. A block of physical pages in the user half is split likewise.
 */
int pt_split_leaf(pte_t *entry, unsigned int level, uintptr_t address);

/* Whether the table for an address serves nothing outside [floor, ceiling). */
static inline bool pt_may_free_table(unsigned int level, uintptr_t address,
                                     const struct pt_walk *walk)
{
    uintptr_t base = align_down(address, pte_level_size(level));

    return base >= walk->floor && base + pte_level_size(level) <= walk->ceiling;
}

/* Frees the table that entry points to, which nothing uses any more. */
void pt_free_table(pte_t *entry, const struct pt_walk *walk);

/* ---- reading and changing entries ---- */

static inline pte_t pt_load(const pte_t *entry)
{
    return (pte_t){__atomic_load_n(&entry->value, __ATOMIC_RELAXED)};
}

/* The table that an entry points to. */
static inline pte_t *pt_table_of(pte_t entry)
{
    return direct_map(pte_address(entry));
}

/* Changes an entry if it is still as it was read. Returns whether it was. */
static inline bool pt_replace(pte_t *entry, pte_t seen, pte_t new)
{
    uint64_t expected = seen.value;

    return __atomic_compare_exchange_n(&entry->value, &expected, new.value, false, __ATOMIC_RELEASE,
                                       __ATOMIC_RELAXED);
}

/* A zeroed table; address 0 if there is no memory. */
paddr_t pt_alloc_table(void);

/*
 * Maps [start, start + size) to physical memory from target on by leaves of this level. bits are
 * those of the leaf (PTE_PS is added for levels 2 and 3). -EEXIST where something is mapped, or in
 * the place of a large leaf a table is.
 */
int pt_map(paddr_t root, uintptr_t start, uint64_t size, paddr_t target, uint64_t bits,
           unsigned int level);

/* The entries of the four levels for an address, as far as the walk gets. */
struct pt_path {
    pte_t entry[PTE_LEVELS + 1]; /* by level, 4 to 1; [0] is not used */
    unsigned int level;          /* of the last entry read: a leaf, or the one that is missing */
    bool mapped;                 /* the last entry is a leaf that is not empty */
};

/* Reads the entries for one address. Changes nothing and takes no lock, so a panic may use it. */
void pt_read_path(paddr_t root, uintptr_t address, struct pt_path *path);

/* The leaf that maps an address and its level; false when there is none. */
bool pt_query(paddr_t root, uintptr_t address, pte_t *leaf, unsigned int *level);

#endif
