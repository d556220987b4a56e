// SPDX-License-Identifier: MIT
#include "mm/page_table.h"

#include <asm/errno.h>

#include "arch/bug.h"

/* Bits that an entry naming a table has: the leaf below decides. */
#define TABLE_BITS      (PTE_P | PTE_W | PTE_A)
#define TABLE_BITS_USER (TABLE_BITS | PTE_U)

static pte_t *table_of(pte_t entry)
{
    return direct_map(pte_address(entry));
}

paddr_t pt_alloc_table(void)
{
    struct page *page = page_alloc(0, PAGE_ZERO);

    return page ? page_paddr(page) : paddr(0);
}

/* Puts a table into an empty entry, unless another CPU is faster. */
static int make_table(pte_t *entry, uintptr_t address)
{
    paddr_t table = pt_alloc_table();

    if (table.value == 0)
        return -ENOMEM;
    pte_t new = pte_make(table, address < USER_END ? TABLE_BITS_USER : TABLE_BITS);
    if (!pt_replace(entry, (pte_t){0}, new))
        page_put(page_of(table));
    return 0;
}

/*
 * Replaces a large leaf by a table of 512 leaves of the next level with the same bits, the key
 * among them. The block of physical pages becomes as many blocks.
 */
static int split_leaf(pte_t *entry, unsigned int level, uintptr_t address)
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

static int visit(const struct pt_walk *walk, pte_t *entries, unsigned int count, unsigned int level,
                 uintptr_t address)
{
    struct pt_run run = {entries, count, level, address};

    return walk->visit ? walk->visit(&run, walk->context) : 0;
}

/* Whether nothing outside the range can use the table that holds an address. */
static bool may_free_table(unsigned int level, uintptr_t address, const struct pt_walk *walk)
{
    uintptr_t base = align_down(address, pte_level_size(level));

    return base >= walk->floor && base + pte_level_size(level) <= walk->ceiling;
}

/* Frees the table that entry names if nothing outside the range can use it. */
static void free_table(pte_t *entry, unsigned int level, uintptr_t address,
                       const struct pt_walk *walk)
{
    if (!may_free_table(level, address, walk))
        return;
    struct page *page = page_of(pte_address(*entry));
    entry->value = 0;
    page_note_zero(page);
    if (walk->free_table)
        walk->free_table(page, walk->context);
    else
        page_put(page);
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
        error = make_table(entry, start);
        if (error)
            return error;
    }
    pte_t seen = pt_load(entry);
    if (pte_is_leaf(seen, level)) {
        bool covered = end - start == pte_level_size(level);
        if (!(walk->flags & (covered ? PT_SPLIT_ALL : PT_SPLIT | PT_SPLIT_ALL)))
            return visit(walk, entry, 1, level, start);
        error = split_leaf(entry, level, start);
    }
    if (error)
        return error;
    error = walk_from(table_of(pt_load(entry)) + pte_index(start, level - 1), level - 1, start, end,
                      walk);
    if (!error && (walk->flags & PT_FREE_TABLES))
        free_table(entry, level, start, walk);
    return error;
}

/* Empties an entry that names a table by which nothing is mapped. False if something is. */
static bool free_empty(pte_t *entry, unsigned int level)
{
    pte_t *entries = table_of(*entry);

    for (unsigned int i = 0; i < PTE_PER_TABLE; i++) {
        if (pte_is_empty(entries[i]))
            continue;
        if (pte_is_leaf(entries[i], level - 1) || !free_empty(&entries[i], level - 1))
            return false;
    }
    struct page *page = page_of(pte_address(*entry));
    entry->value = 0;
    page_note_zero(page);
    page_put(page);
    return true;
}

/* Whether the walk ends at this entry. */
static bool ends_here(pte_t *entry, unsigned int level, const struct pt_walk *walk)
{
    if (level != walk->level)
        return false;
    if (pte_is_empty(*entry) || pte_is_leaf(*entry, level))
        return true;
    return (walk->flags & PT_FREE_EMPTY) && free_empty(entry, level);
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

/*
 * From the root down as long as entries name tables, to level lowest at most: the entry for the
 * address there. All walks come by here: unrolled, because then the shifts are constants.
 */
static inline pte_t *descend(paddr_t root, uintptr_t address, unsigned int lowest,
                             unsigned int *level)
{
    pte_t *entry = (pte_t *)direct_map(root) + pte_index(address, PTE_LEVELS);

#pragma GCC unroll 4
    for (*level = PTE_LEVELS; *level > lowest; --*level) {
        pte_t seen = pt_load(entry);
        if ((seen.value & (PTE_P | PTE_PS)) != PTE_P)
            break;
        entry = table_of(seen) + pte_index(address, *level - 1);
    }
    return entry;
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
        while (lowest < PTE_LEVELS && may_free_table(lowest + 1, start, walk))
            lowest++;
    pte_t *entry = descend(root, start, lowest, &level);
    return walk_from(entry, level, start, end, walk);
}

/* On from an entry above that level, which names no table. */
static __attribute__((noinline)) pte_t *make_entry(pte_t *entry, uintptr_t address,
                                                   unsigned int level, unsigned int flags,
                                                   unsigned int *found)
{
    for (unsigned int at = *found;; at--) {
        pte_t seen = pt_load(entry);
        *found = at;
        if (at == level || (!pte_is_empty(seen) && pte_is_leaf(seen, at)))
            return entry;
        if (pte_is_empty(seen)) {
            if (!(flags & PT_CREATE) || make_table(entry, address))
                return NULL;
            seen = pt_load(entry);
            if (pte_is_leaf(seen, at)) /* another CPU was faster, with a large page */
                return entry;
        }
        entry = table_of(seen) + pte_index(address, at - 1);
    }
}

pte_t *pt_entry(paddr_t root, uintptr_t address, unsigned int level, unsigned int flags,
                unsigned int *found)
{
    unsigned int at;
    pte_t *entry = descend(root, address, level, &at);

    *found = at;
    return at == level ? entry : make_entry(entry, address, level, flags, found);
}

struct map_context {
    paddr_t target;
    uint64_t bits;
    unsigned int level;
};

static int map_run(const struct pt_run *run, void *context)
{
    struct map_context *map = context;

    if (run->level != map->level)
        return -EEXIST;
    for (unsigned int i = 0; i < run->count; i++) {
        if (!pte_is_empty(run->entries[i]))
            return -EEXIST;
        run->entries[i] = pte_make(map->target, map->bits);
        map->target = paddr_add(map->target, pte_level_size(run->level));
    }
    return 0;
}

int pt_map(paddr_t root, uintptr_t start, uint64_t size, paddr_t target, uint64_t bits,
           unsigned int level)
{
    struct map_context map = {target, bits | (level > 1 ? PTE_PS : 0), level};
    struct pt_walk walk = {.visit = map_run,
                           .context = &map,
                           .flags = PT_CREATE | PT_SPLIT | PT_FREE_EMPTY,
                           .level = level};

    return pt_walk(root, start, start + size, &walk);
}

static int unmap_run(const struct pt_run *run, void *context)
{
    (void)context;
    for (unsigned int i = 0; i < run->count; i++)
        run->entries[i].value = 0;
    return 0;
}

void pt_unmap(paddr_t root, uintptr_t start, uint64_t size)
{
    struct pt_walk walk = {.visit = unmap_run, .flags = PT_SPLIT, .level = 1};
    int error = pt_walk(root, start, start + size, &walk);

    assert(!error);
}

void pt_read_path(paddr_t root, uintptr_t address, struct pt_path *path)
{
    const pte_t *table = direct_map(root);

    path->mapped = false;
    for (path->level = PTE_LEVELS; path->level >= 1; path->level--) {
        pte_t entry = pt_load(&table[pte_index(address, path->level)]);
        path->entry[path->level] = entry;
        if (pte_is_empty(entry))
            return;
        if (pte_is_leaf(entry, path->level)) {
            path->mapped = true;
            return;
        }
        table = table_of(entry);
    }
}

bool pt_query(paddr_t root, uintptr_t address, pte_t *leaf, unsigned int *level)
{
    struct pt_path path;

    pt_read_path(root, address, &path);
    *level = path.level;
    *leaf = path.entry[path.level];
    return path.mapped;
}
