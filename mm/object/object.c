// SPDX-License-Identifier: MIT
#include "mm/object/object.h"

#include <asm/errno.h>

#include "arch/cpu/bug.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"

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

static void destroy(struct memory_object *object)
{
    spin_lock(&object->lock);
    tree_drop_locked(object, 0, UINT64_MAX);
    spin_unlock(&object->lock);
    assert(!object->root && !object->pages && !object->tables);
    kfree(object);
}

void object_put(struct memory_object *object)
{
    if (object->owner_operations)
        object->owner_operations->put(object);
    else if (!__atomic_sub_fetch(&object->references, 1, __ATOMIC_ACQ_REL))
        destroy(object);
}

/* The page with a reference. A reserved one reads as a hole until it is wanted with create. */
static struct page *find(struct memory_object *object, uint64_t index, bool create)
{
    struct page *page;
    void **slot;

    spin_lock(&object->lock);
    slot = tree_slot_locked(object, index);
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

int object_add(struct memory_object *object, uint64_t index, struct page *page)
{
    int error;

    if (index > INDEX_MAX)
        return -EFBIG;
    spin_lock(&object->lock);
    error = tree_add_locked(object, index, page);
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

void object_set_size(struct memory_object *object, uint64_t size)
{
    spin_lock(&object->lock);
    __atomic_store_n(&object->size, size, __ATOMIC_RELEASE);
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
    if (object->owner_operations && object->owner_operations->written)
        object->owner_operations->written(object);
}

void object_drop_tail(struct memory_object *object)
{
    spin_lock(&object->lock);
    unsigned int used = object->size % PAGE_SIZE; /* in the last page that stays */
    tree_drop_locked(object, (object->size + PAGE_SIZE - 1) >> PAGE_SHIFT, UINT64_MAX);
    void **slot = tree_slot_locked(object, object->size >> PAGE_SHIFT);
    if (used && slot && *slot)
        memset((char *)page_address(*slot) + used, 0, PAGE_SIZE - used);
    spin_unlock(&object->lock);
}
