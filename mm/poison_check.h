// SPDX-License-Identifier: MIT
/*
 * What is freed is filled with a pattern, which must still be there when it is given out again:
 * who wrote to it in between wrote to memory that was not his. Part of a build with DEBUG=1;
 * elsewhere these are empty. With KASAN=1 there is no need of it: such a write is seen as it is
 * made.
 */
#ifndef MM_POISON_CHECK_H
#define MM_POISON_CHECK_H

#include <stdbool.h>
#include <stddef.h>

struct page;

/* Where a function was called, for the name of who freed something. */
#define POISON_CALLER __builtin_return_address(0)

#if defined(LATCHKEY_DEBUG) && !defined(LATCHKEY_KASAN)

/* An object that is free from now on. Its first word is the slab's, to chain it by. */
void poison_object_freed(void *object, size_t size, const void *freed_by);

/* An object that is given out; was_freed: not for the first time. */
void poison_object_taken(const char *cache, void *object, size_t size, bool was_freed);

/* A block that is free from now on; one of zeros stays as it is, which its owner has promised. */
void poison_pages_freed(struct page *page, const void *freed_by);

/* A block that is given out; filled: it is one of zeros. */
void poison_pages_taken(struct page *page, unsigned int order, bool filled);

#else

static inline void poison_object_freed(void *object, size_t size, const void *freed_by)
{
    (void)object;
    (void)size;
    (void)freed_by;
}

static inline void poison_object_taken(const char *cache, void *object, size_t size, bool was_freed)
{
    (void)cache;
    (void)object;
    (void)size;
    (void)was_freed;
}

static inline void poison_pages_freed(struct page *page, const void *freed_by)
{
    (void)page;
    (void)freed_by;
}

static inline void poison_pages_taken(struct page *page, unsigned int order, bool filled)
{
    (void)page;
    (void)order;
    (void)filled;
}

#endif

#endif
