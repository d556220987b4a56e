// SPDX-License-Identifier: MIT
/*
 * Memory objects: the pages of a file or of shared memory, by page index.
 *
 * The room owns these pages and the tables that lead to them. It leaves the meaning of the bytes to
 * the objects' owners, and to mm/space/ who has them mapped.
 *
 * A tmpfs file keeps its bytes in an object; a VMA that maps the file refers to the same object,
 * so read(), write() and a mapping see the same pages. The object owns one reference to each page.
 *
 * The pages are in a tree of tables of 512 pointers, as many levels high as the largest index
 * needs; an object of one page, which most files are, has no table. Tables take memory as pages do:
 * a page far from all others needs up to five.
 *
 * An object either has references of its own, or belongs to an owner that it lives and dies with: a
 * file's contents to the file's node. References to such an object are the owner's, so a VMA that
 * maps a file also keeps its node, and can say which file it is (/proc/PID/maps).
 */
#ifndef MM_OBJECT_OBJECT_H
#define MM_OBJECT_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/lock/spinlock.h"
#include "mm/page/page.h"

/* The largest size, so that no offset is negative as a signed number. */
#define OBJECT_SIZE_MAX ((uint64_t)INT64_MAX)
#define INDEX_MAX       (OBJECT_SIZE_MAX >> PAGE_SHIFT) /* of a page */

struct memory_object;

struct object_owner_operations {
    void (*get)(struct memory_object *object);
    void (*put)(struct memory_object *object);
    void (*written)(struct memory_object *object); /* without the kernel lock */
    /* No name leads to it: its pages are freed once nobody has it open or mapped. */
    bool (*is_nameless)(struct memory_object *object);
};

struct memory_object {
    /* lock: none, constant; NULL: it has no owner */
    const struct object_owner_operations *owner_operations;
    void *owner;         /* lock: none, constant; fs/: a struct node */
    uint64_t number;     /* lock: none, constant; no other object ever has it */
    bool is_sealed;      /* lock: kernel; no new mapping that is shared may write (F_SEAL_WRITE) */
    uint32_t references; /* lock: none, atomic; without an owner */
    struct spinlock lock;
    /* lock: memory object, none to read; bytes. A mapping's page wholly beyond it is SIGBUS */
    uint64_t size;
    uint64_t pages;      /* lock: memory object; pages present */
    uint64_t tables;     /* lock: memory object; pages that the tables are */
    uint64_t counted_by; /* lock: kernel; the last count that came by: mm/object/footprint.h */
    /* lock: none, constant; whether so many pages more may be, or they are gone; NULL: any */
    bool (*charge)(int pages);
    unsigned int height; /* lock: memory object; levels of tables; 0: root is the page of index 0 */
    void *root;          /* lock: memory object; a table, a struct page, or NULL */
};

/* Pages that all objects have, reserved ones too; lock: none, atomic. */
extern uint64_t object_total_pages;

/* A new empty object with one reference, or NULL. */
struct memory_object *object_create(void);
/*
 * Takes and drops a reference to the object, or to its owner. The last one frees it; an owner that
 * ends lets go of the object before it drops the one that there is.
 */
void object_get(struct memory_object *object);
void object_put(struct memory_object *object);
/* Tells the owner that a shared mapping may now write to a page. */
void object_written(struct memory_object *object);

/*
 * The page with this index, with a reference for the caller. A missing page is made, filled with
 * zeros, if create; otherwise *page is NULL. Errors: -ENOMEM; -ENOSPC if the object may have no
 * more; -EFBIG beyond the largest index.
 */
int object_page(struct memory_object *object, uint64_t index, bool create, struct page **page);

/*
 * Puts a page that the caller has filled at this index; the caller's reference passes to the
 * object. On an error the caller keeps it: -EEXIST if there is a page already; -ENOMEM; -ENOSPC;
 * -EFBIG.
 */
int object_add(struct memory_object *object, uint64_t index, struct page *page);

/* A fault reads the size without the object's lock. */
static inline uint64_t object_size(const struct memory_object *object)
{
    return __atomic_load_n(&object->size, __ATOMIC_ACQUIRE);
}

void object_set_size(struct memory_object *object, uint64_t size);

/* Makes the size at least this large. */
void object_extend(struct memory_object *object, uint64_t size);

/*
 * Drops the pages beyond the size and zeroes the rest of the last one. So that no program has them
 * mapped, they are unmapped before, but after the size is set: see fs/more/tmpfs_cut.c.
 */
void object_drop_tail(struct memory_object *object);

/*
 * ---- the radix tree of pages, for this room and mm/hole/; the object's lock is held, under which
 * no user memory may be touched ----
 *
 *   index, 51 bits:  | 9 bits | 9 bits | ... | 9 bits |
 *                      level h               level 1
 */

#define TABLE_SHIFT 9
#define TABLE_SIZE  (1u << TABLE_SHIFT)

_Static_assert(TABLE_SIZE * sizeof(void *) == PAGE_SIZE, "a table is a page");

/* How many pages a tree of this height has room for. */
static inline uint64_t tree_capacity(unsigned int height)
{
    return 1ul << (TABLE_SHIFT * height);
}

/* The slot of the pointer to a page; NULL if a table is missing on the way. */
void **tree_slot_locked(struct memory_object *object, uint64_t index);

/* Adds a page: -EEXIST, -ENOMEM, -ENOSPC. */
int tree_add_locked(struct memory_object *object, uint64_t index, struct page *page);

/* Drops the pages of [first, end), and lowers the tree as far as the largest index left allows. */
void tree_drop_locked(struct memory_object *object, uint64_t first, uint64_t end);

#endif
