// SPDX-License-Identifier: MIT
#include "mm/object/object.h"

#include <asm/errno.h>

#include "arch/cpu/bug.h"

/* ---- counting pages and tables ---- */

/* Counts pages or tables about to be added, or (negative) freed. False if there may be no more. */
static bool charge_locked(struct memory_object *object, int pages)
{
    return !object->charge || object->charge(pages);
}

static int table_create_locked(struct memory_object *object, void ***table)
{
    if (!charge_locked(object, 1))
        return -ENOSPC;
    struct page *page = page_alloc(0, PAGE_ZERO);
    if (!page) {
        charge_locked(object, -1);
        return -ENOMEM;
    }
    object->tables++;
    *table = page_address(page);
    return 0;
}

static void table_free_locked(struct memory_object *object, void **table)
{
    page_put(page_of(direct_map_paddr(table)));
    object->tables--;
    charge_locked(object, -1);
}

uint64_t object_total_pages;

static void count_pages_locked(struct memory_object *object, int change)
{
    object->pages += (uint64_t)change;
    __atomic_fetch_add(&object_total_pages, (uint64_t)change, __ATOMIC_RELAXED);
}

/* ---- the way to a page ---- */

static unsigned int table_index(uint64_t index, unsigned int level)
{
    return (index >> (TABLE_SHIFT * (level - 1))) % TABLE_SIZE;
}

void **tree_slot_locked(struct memory_object *object, uint64_t index)
{
    void **slot = &object->root;

    assert(spin_is_held(&object->lock));
    if (index >= tree_capacity(object->height))
        return NULL;
    for (unsigned int level = object->height; level; level--) {
        if (!*slot)
            return NULL;
        slot = (void **)*slot + table_index(index, level);
    }
    return slot;
}

/* Makes the tables that are missing on the way: above the old root, and below. */
static int make_slot_locked(struct memory_object *object, uint64_t index, void ***result)
{
    void **slot = &object->root;
    void **table;

    for (; index >= tree_capacity(object->height); object->height++) {
        if (!object->root)
            continue;
        int error = table_create_locked(object, &table);
        if (error)
            return error;
        table[0] = object->root;
        object->root = table;
    }
    for (unsigned int level = object->height; level; level--) {
        int error = *slot ? 0 : table_create_locked(object, &table);
        if (error)
            return error;
        if (!*slot)
            *slot = table;
        slot = (void **)*slot + table_index(index, level);
    }
    *result = slot;
    return 0;
}

int tree_add_locked(struct memory_object *object, uint64_t index, struct page *page)
{
    void **slot;
    int error = make_slot_locked(object, index, &slot);

    if (!error && *slot)
        return -EEXIST;
    if (!error && !charge_locked(object, 1))
        error = -ENOSPC;
    if (error) {
        tree_drop_locked(object, index, index + 1); /* frees the tables made for it */
        return error;
    }
    *slot = page;
    count_pages_locked(object, 1);
    return 0;
}

/* ---- taking pages out ---- */

/* The pages to drop: those of [first, end). */
struct drop {
    struct memory_object *object;
    uint64_t first, end;
};

/*
 * Drops pages of the subtree whose first index is start, and the tables that become empty. Returns
 * what is left of the subtree.
 */
static void *drop_locked(const struct drop *drop, void *subtree, unsigned int level, uint64_t start)
{
    void **table = subtree;
    bool empty = true;

    if (!subtree || drop->first >= start + tree_capacity(level) || drop->end <= start)
        return subtree;
    if (level == 0) {
        page_put(subtree);
        count_pages_locked(drop->object, -1);
        charge_locked(drop->object, -1);
        return NULL;
    }
    for (unsigned int i = 0; i < TABLE_SIZE; i++) {
        table[i] = drop_locked(drop, table[i], level - 1, start + i * tree_capacity(level - 1));
        if (table[i])
            empty = false;
    }
    if (!empty)
        return subtree;
    table_free_locked(drop->object, table);
    return NULL;
}

static bool has_only_first(void **table)
{
    for (unsigned int i = 1; i < TABLE_SIZE; i++)
        if (table[i])
            return false;
    return true;
}

void tree_drop_locked(struct memory_object *object, uint64_t first, uint64_t end)
{
    struct drop drop = {object, first, end};

    assert(spin_is_held(&object->lock));
    object->root = drop_locked(&drop, object->root, object->height, 0);
    while (object->root && object->height && has_only_first(object->root)) {
        void **table = object->root;

        object->root = table[0];
        object->height--;
        table_free_locked(object, table);
    }
    if (!object->root)
        object->height = 0;
}
