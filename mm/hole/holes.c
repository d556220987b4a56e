// SPDX-License-Identifier: MIT
#include "mm/hole/holes.h"

#include <asm/errno.h>

#include "libc/include/string.h"

/* Whether there is a page, be it reserved. */
static bool is_backed(struct memory_object *object, uint64_t index)
{
    void **slot;
    bool backed;

    spin_lock(&object->lock);
    slot = tree_slot_locked(object, index);
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

/* Where the reserved pages that begin with this one end; index itself if it is none. */
static uint64_t end_of_reserved_locked(struct memory_object *object, uint64_t index, uint64_t end)
{
    void **slot;

    while (index < end && (slot = tree_slot_locked(object, index)) && *slot &&
           ((struct page *)*slot)->is_reserved)
        index++;
    return index;
}

void object_drop_reserved(struct memory_object *object, uint64_t first, uint64_t end)
{
    spin_lock(&object->lock);
    while (first < end) {
        uint64_t stop = end_of_reserved_locked(object, first, end);

        if (stop > first)
            tree_drop_locked(object, first, stop);
        first = stop + 1; /* which is no reserved one */
    }
    spin_unlock(&object->lock);
}

/*
 * The first index from one on with a page, or without, in a subtree and counted from its start; the
 * subtree's capacity when there is none. A reserved page counts as none.
 */
static uint64_t next_locked(void *subtree, unsigned int level, uint64_t index, bool present)
{
    if (!subtree)
        return present ? tree_capacity(level) : index;
    if (level == 0)
        return ((struct page *)subtree)->is_reserved != present ? 0 : 1;
    for (uint64_t i = index / tree_capacity(level - 1); i < TABLE_SIZE; i++) {
        uint64_t start = i * tree_capacity(level - 1);
        uint64_t found = next_locked(((void **)subtree)[i], level - 1,
                                     index > start ? index - start : 0, present);

        if (found < tree_capacity(level - 1))
            return start + found;
    }
    return tree_capacity(level);
}

uint64_t object_next(struct memory_object *object, uint64_t index, bool present)
{
    uint64_t found = index;

    spin_lock(&object->lock);
    if (index < tree_capacity(object->height))
        found = next_locked(object->root, object->height, index, present);
    if (present && found >= tree_capacity(object->height))
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
