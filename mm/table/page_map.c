// SPDX-License-Identifier: MIT
/* What the walk over the tables is for: mapping, and reading the way to an address. */
#include "mm/table/page_table.h"

#include <asm/errno.h>

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
    struct pt_walk walk = {
        .visit = map_run, .context = &map, .flags = PT_CREATE | PT_SPLIT, .level = level};

    return pt_walk(root, start, start + size, &walk);
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
        table = pt_table_of(entry);
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
