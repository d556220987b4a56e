// SPDX-License-Identifier: MIT
/*
 * Memory objects: the pages of a file or of shared memory, by page index.
 *
 * A tmpfs file keeps its bytes in one; an area that maps the file refers to the same one, so
 * read(), write() and a mapping see the same pages. The object owns one reference to each page.
 *
 * The pages hang in a tree of tables of 512 pointers, as many levels high as the largest index
 * needs; an object of one page, which most files are, has no table. Tables are memory as pages are:
 * a page far from all others takes up to five.
 *
 * An object either lives by its own references, or it belongs to something that it lives and dies
 * with: a file's contents to the file's node. References to such an object are the owner's, so
 * that whoever has an area that maps a file can also say which file it is (/proc/PID/maps).
 */
#ifndef MM_OBJECT_H
#define MM_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/spinlock.h"
#include "mm/page.h"
#include "mm/page_quota.h"

/* The largest size, so that no offset is negative as a signed number. */
#define OBJECT_SIZE_MAX ((uint64_t)INT64_MAX)

struct memory_object;

struct object_owner_operations {
    void (*get)(struct memory_object *object);
    void (*put)(struct memory_object *object);
    void (*written)(struct memory_object *object); /* without the kernel lock */
    /* No name leads to it: its pages are free when nobody has it open or mapped any more. */
    bool (*is_nameless)(struct memory_object *object);
};

struct memory_object {
    const struct object_owner_operations *owner_operations; /* NULL: it has no owner */
    void *owner;                                            /* fs/: a struct node */
    uint64_t number;                                        /* no other object ever has it */
    bool is_sealed;      /* no new mapping that is shared may write (F_SEAL_WRITE) */
    uint32_t references; /* without an owner */
    struct spinlock lock;
    uint64_t size;       /* bytes; an access of a mapping beyond the last page of it is SIGBUS */
    uint64_t pages;      /* pages present */
    uint64_t tables;     /* pages that the tables are */
    uint64_t counted_by; /* the last count of what a process has that came by: mm/footprint.h */
    struct page_quota *quota; /* that its pages and tables are taken from; NULL: none */
    unsigned int height;      /* levels of tables; 0: root is the page with index 0 */
    void *root;               /* a table, a struct page, or NULL */
};

/* Pages that all objects have, reserved ones too. */
uint64_t object_total_pages(void);

/* A new empty object with one reference and without a quota, or NULL. */
struct memory_object *object_create(void);
/* Takes and drops a reference to the object, or to its owner. The last one frees it. */
void object_get(struct memory_object *object);
void object_put(struct memory_object *object);
/* Tells the owner that a page is there for a shared mapping to write to. */
void object_written(struct memory_object *object);
/* For the owner, as it ends. */
void object_destroy(struct memory_object *object);

/*
 * The page with this index with a reference for the caller. A missing page is made, filled with
 * zeros, if create; otherwise *page is NULL. Errors: -ENOMEM; -ENOSPC when the quota is used up;
 * -EFBIG beyond the largest index.
 */
int object_page(struct memory_object *object, uint64_t index, bool create, struct page **page);

/*
 * Makes a page that is there for nobody until object_page() is to create it: a hole that takes
 * memory. Errors as there; it is no error when there is a page.
 */
int object_reserve(struct memory_object *object, uint64_t index);
/* Takes the pages of [first, end) back that are there for nobody yet. */
void object_drop_reserved(struct memory_object *object, uint64_t first, uint64_t end);

/* The first index from this one on that has a page, or that has none. */
uint64_t object_next(struct memory_object *object, uint64_t index, bool present);

/*
 * Makes a page that the caller has filled the one with this index; the caller's reference passes
 * to the object. Errors leave it with the caller: -EEXIST when there is one; -ENOMEM; -ENOSPC;
 * -EFBIG.
 */
int object_add(struct memory_object *object, uint64_t index, struct page *page);

/* A fault looks at the size without the object's lock. */
static inline uint64_t object_size(const struct memory_object *object)
{
    return __atomic_load_n(&object->size, __ATOMIC_ACQUIRE);
}

void object_set_size(struct memory_object *object, uint64_t size);

/* Makes the size at least this large. */
void object_extend(struct memory_object *object, uint64_t size);

/* Fills bytes [start, end) with zeros. Pages that are there stay, since they may be mapped. */
void object_clear(struct memory_object *object, uint64_t start, uint64_t end);

/*
 * Drops the pages wholly beyond the size and zeroes the rest of the last one. What programs have
 * mapped of them must be unmapped before, and after the size was set: see kernel/truncate.h.
 */
void object_drop_tail(struct memory_object *object);

#endif
