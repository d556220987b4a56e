// SPDX-License-Identifier: MIT
/*
 * Memory objects: a radix tree of pages.
 *
 *   index, 51 bits:  | 9 bits | 9 bits | ... | 9 bits |
 *                      level h               level 1
 *
 * The object's lock covers the tree. It is never held while user memory is touched.
 */
#include "mm/object.h"

#include <asm/errno.h>

#include "arch/bug.h"
#include "libc/include/string.h"
#include "mm/slab.h"

#define TABLE_SHIFT 9
#define TABLE_SIZE  (1u << TABLE_SHIFT)
#define INDEX_MAX   (OBJECT_SIZE_MAX >> PAGE_SHIFT)

_Static_assert(TABLE_SIZE * sizeof(void *) == PAGE_SIZE, "a table is a page");

struct memory_object *object_create(void)
{
    static uint64_t created;
    struct memory_object *object = kzalloc(sizeof(*object));

    if (object) {
        object->references = 1;
        object->number = __atomic_add_fetch(&created, 1, __ATOMIC_RELAXED);
        object->lock.name = "memory object";
    }
    return object;
}

void object_get(struct memory_object *object)
{
    if (object->owner_operations) {
        object->owner_operations->get(object);
        return;
    }
    __atomic_fetch_add(&object->references, 1, __ATOMIC_RELAXED);
}

/* How many pages a tree of this height has room for. */
static uint64_t capacity(unsigned int height)
{
    return 1ul << (TABLE_SHIFT * height);
}

static void table_put(void **table)
{
    page_put(page_of(direct_map_paddr(table)));
}

/* Tables that hang nowhere yet are a chain: the first entry of each is the next one. */
static void **chain_take(void ***chain)
{
    void **table = *chain;

    *chain = table[0];
    table[0] = NULL;
    return table;
}

static void chain_put(void **chain)
{
    while (chain)
        table_put(chain_take(&chain));
}

static int chain_create(unsigned int count, void ***chain)
{
    *chain = NULL;
    while (count--) {
        struct page *page = page_alloc(0, PAGE_ZERO);

        if (!page) {
            chain_put(*chain);
            return -ENOMEM;
        }
        *(void **)page_address(page) = *chain;
        *chain = page_address(page);
    }
    return 0;
}

static void table_free_locked(struct memory_object *object, void **table)
{
    table_put(table);
    object->tables--;
    if (object->quota)
        page_quota_give(object->quota, 1);
}

static unsigned int table_index(uint64_t index, unsigned int level)
{
    return (index >> (TABLE_SHIFT * (level - 1))) % TABLE_SIZE;
}

/* How many tables it takes until the index has a slot. */
static unsigned int missing_locked(struct memory_object *object, uint64_t index)
{
    unsigned int level = object->height;
    void **slot = &object->root;

    while (index >= capacity(level))
        level++;
    if (!object->root)
        return level;
    if (level > object->height) /* those above the root, and one of each level below the new one */
        return level - object->height + level - 1;
    for (; level && *slot; level--)
        slot = (void **)*slot + table_index(index, level);
    return level;
}

/* Puts tables of the chain above the root until the index has a place. */
static void grow_locked(struct memory_object *object, uint64_t index, void ***chain)
{
    assert(spin_is_held(&object->lock));
    while (index >= capacity(object->height)) {
        if (object->root) {
            void **table = chain_take(chain);

            table[0] = object->root;
            object->root = table;
        }
        object->height++;
    }
}

/* Where the pointer to the page stands. Missing tables are taken from the chain; NULL if none. */
static void **slot_locked(struct memory_object *object, uint64_t index, void ***chain)
{
    void **slot = &object->root;

    assert(spin_is_held(&object->lock));
    if (index >= capacity(object->height))
        return NULL;
    for (unsigned int level = object->height; level; level--) {
        if (!*slot && chain)
            *slot = chain_take(chain);
        if (!*slot)
            return NULL;
        slot = (void **)*slot + table_index(index, level);
    }
    return slot;
}

/* The page with a reference; a reserved one counts as one only from now on, if create. */
static struct page *find(struct memory_object *object, uint64_t index, bool create)
{
    struct page *page;
    void **slot;

    spin_lock(&object->lock);
    slot = slot_locked(object, index, NULL);
    page = slot ? *slot : NULL;
    if (page && create)
        page->is_reserved = false;
    if (page && page->is_reserved)
        page = NULL;
    if (page)
        page_get(page);
    spin_unlock(&object->lock);
    return page;
}

static uint64_t total_pages;

uint64_t object_total_pages(void)
{
    return __atomic_load_n(&total_pages, __ATOMIC_RELAXED);
}

static void count_pages(struct memory_object *object, int change)
{
    object->pages += (uint64_t)change;
    __atomic_fetch_add(&total_pages, (uint64_t)change, __ATOMIC_RELAXED);
}

/* The slot for a page that is missing, and what it and its tables take of the quota: or nothing. */
static int make_slot_locked(struct memory_object *object, uint64_t index, void ***slot)
{
    unsigned int tables = *slot ? 0 : missing_locked(object, index);
    void **chain;

    if (object->quota && !page_quota_take(object->quota, tables + 1))
        return -ENOSPC;
    if (chain_create(tables, &chain)) {
        if (object->quota)
            page_quota_give(object->quota, tables + 1);
        return -ENOMEM;
    }
    object->tables += tables;
    grow_locked(object, index, &chain);
    if (!*slot)
        *slot = slot_locked(object, index, &chain);
    assert(!chain);
    return 0;
}

static int add_locked(struct memory_object *object, uint64_t index, struct page *page)
{
    void **slot = slot_locked(object, index, NULL);
    int error;

    if (slot && *slot)
        return -EEXIST;
    error = make_slot_locked(object, index, &slot);
    if (error)
        return error;
    *slot = page;
    count_pages(object, 1);
    return 0;
}

static void drop_page_locked(struct memory_object *object, struct page *page)
{
    page_put(page);
    count_pages(object, -1);
    if (object->quota)
        page_quota_give(object->quota, 1);
}

int object_add(struct memory_object *object, uint64_t index, struct page *page)
{
    int error;

    if (index > INDEX_MAX)
        return -EFBIG;
    spin_lock(&object->lock);
    error = add_locked(object, index, page);
    spin_unlock(&object->lock);
    return error;
}

int object_page(struct memory_object *object, uint64_t index, bool create, struct page **page)
{
    int error;

    if (index > INDEX_MAX)
        return -EFBIG;
    *page = find(object, index, create);
    while (!*page && create) {
        struct page *made = page_alloc(0, PAGE_ZERO);

        if (!made)
            return -ENOMEM;
        page_get(made);
        error = object_add(object, index, made);
        if (!error) {
            *page = made;
            return 0;
        }
        page_put(made);
        page_put(made);
        if (error != -EEXIST)
            return error;
        *page = find(object, index, create);
    }
    return 0;
}

/* Whether there is a page, be it reserved. */
static bool is_backed(struct memory_object *object, uint64_t index)
{
    void **slot;
    bool backed;

    spin_lock(&object->lock);
    slot = slot_locked(object, index, NULL);
    backed = slot && *slot;
    spin_unlock(&object->lock);
    return backed;
}

int object_reserve(struct memory_object *object, uint64_t index)
{
    struct page *page;
    int error;

    if (is_backed(object, index))
        return 0;
    page = page_alloc(0, PAGE_ZERO);
    if (!page)
        return -ENOMEM;
    page->is_reserved = true;
    error = object_add(object, index, page);
    if (!error)
        return 0;
    page_put(page);
    return error == -EEXIST ? 0 : error;
}

/* The same in a subtree, counted from its start; its capacity when there is no such index. */
static uint64_t next_locked(void *subtree, unsigned int level, uint64_t index, bool present)
{
    if (!subtree)
        return present ? capacity(level) : index;
    if (level == 0)
        return ((struct page *)subtree)->is_reserved != present ? 0 : 1;
    for (uint64_t i = index / capacity(level - 1); i < TABLE_SIZE; i++) {
        uint64_t start = i * capacity(level - 1);
        uint64_t found = next_locked(((void **)subtree)[i], level - 1,
                                     index > start ? index - start : 0, present);

        if (found < capacity(level - 1))
            return start + found;
    }
    return capacity(level);
}

uint64_t object_next(struct memory_object *object, uint64_t index, bool present)
{
    uint64_t found = index;

    spin_lock(&object->lock);
    if (index < capacity(object->height))
        found = next_locked(object->root, object->height, index, present);
    if (present && found >= capacity(object->height))
        found = INDEX_MAX + 1;
    spin_unlock(&object->lock);
    return found;
}

void object_clear(struct memory_object *object, uint64_t start, uint64_t end)
{
    if (end > object_size(object))
        end = object_size(object);
    while (start < end) {
        uint64_t index = object_next(object, start >> PAGE_SHIFT, true);
        struct page *page;

        if (index << PAGE_SHIFT > start)
            start = index << PAGE_SHIFT;
        if (start >= end)
            return;
        uint64_t next = align_down(start, PAGE_SIZE) + PAGE_SIZE;
        size_t piece = (next < end ? next : end) - start;
        if (!object_page(object, index, false, &page) && page) {
            memset((char *)page_address(page) + start % PAGE_SIZE, 0, piece);
            page_put(page);
        }
        start += piece;
    }
}

/* Which pages go: all of [first, end), or only those that are there for nobody yet. */
struct drop {
    struct memory_object *object;
    uint64_t first, end;
    bool only_reserved;
};

static void *drop_page(const struct drop *drop, struct page *page)
{
    if (drop->only_reserved && !page->is_reserved)
        return page;
    drop_page_locked(drop->object, page);
    return NULL;
}

/*
 * Drops pages of the subtree whose first index is start, and the tables that become empty. Returns
 * what is left of the subtree.
 */
static void *drop_locked(const struct drop *drop, void *subtree, unsigned int level, uint64_t start)
{
    void **table = subtree;
    bool empty = true;

    if (!subtree || drop->first >= start + capacity(level) || drop->end <= start)
        return subtree;
    if (level == 0)
        return drop_page(drop, subtree);
    for (unsigned int i = 0; i < TABLE_SIZE; i++) {
        table[i] = drop_locked(drop, table[i], level - 1, start + i * capacity(level - 1));
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

/* Drops, and lowers the tree to what the largest index that is left needs. */
static void drop_range_locked(const struct drop *drop)
{
    struct memory_object *object = drop->object;

    assert(spin_is_held(&object->lock));
    object->root = drop_locked(drop, object->root, object->height, 0);
    while (object->root && object->height && has_only_first(object->root)) {
        void **table = object->root;

        object->root = table[0];
        object->height--;
        table_free_locked(object, table);
    }
    if (!object->root)
        object->height = 0;
}

static void drop_from_locked(struct memory_object *object, uint64_t first)
{
    drop_range_locked(&(struct drop){.object = object, .first = first, .end = UINT64_MAX});
}

void object_drop_reserved(struct memory_object *object, uint64_t first, uint64_t end)
{
    struct drop drop = {.object = object, .first = first, .end = end, .only_reserved = true};

    spin_lock(&object->lock);
    drop_range_locked(&drop);
    spin_unlock(&object->lock);
}

void object_put(struct memory_object *object)
{
    if (object->owner_operations)
        object->owner_operations->put(object);
    else if (!__atomic_sub_fetch(&object->references, 1, __ATOMIC_ACQ_REL))
        object_destroy(object);
}

void object_destroy(struct memory_object *object)
{
    spin_lock(&object->lock);
    drop_from_locked(object, 0);
    spin_unlock(&object->lock);
    assert(!object->root && !object->pages && !object->tables);
    kfree(object);
}

/* Zeroes the bytes from size to the end of its page. */
static void zero_rest_locked(struct memory_object *object, uint64_t size)
{
    unsigned int used = size % PAGE_SIZE;
    void **slot = slot_locked(object, size >> PAGE_SHIFT, NULL);

    if (used && slot && *slot)
        memset((char *)page_address(*slot) + used, 0, PAGE_SIZE - used);
}

void object_set_size(struct memory_object *object, uint64_t size)
{
    spin_lock(&object->lock);
    __atomic_store_n(&object->size, size, __ATOMIC_RELEASE);
    spin_unlock(&object->lock);
}

void object_drop_tail(struct memory_object *object)
{
    spin_lock(&object->lock);
    drop_from_locked(object, (object->size + PAGE_SIZE - 1) >> PAGE_SHIFT);
    zero_rest_locked(object, object->size);
    spin_unlock(&object->lock);
}

void object_extend(struct memory_object *object, uint64_t size)
{
    spin_lock(&object->lock);
    if (size > object->size)
        object->size = size;
    spin_unlock(&object->lock);
}

void object_written(struct memory_object *object)
{
    if (object->owner_operations)
        object->owner_operations->written(object);
}
