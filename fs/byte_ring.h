// SPDX-License-Identifier: MIT
/*
 * A ring of bytes: what is in a pipe. It lies in pages that are allocated when they are first
 * reached. Whoever owns a ring guards it.
 */
#ifndef FS_BYTE_RING_H
#define FS_BYTE_RING_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/io_iter.h"

struct byte_ring {
    uint32_t head, tail; /* grow for ever, taken modulo the capacity */
    uint32_t capacity;   /* bytes: a power of two, a page at least */
    char **pages;        /* NULL: not reached yet */
};

/* An empty ring: 0 or -ENOMEM. */
int ring_init(struct byte_ring *ring, uint32_t capacity);
void ring_free(struct byte_ring *ring);

static inline uint32_t ring_used(const struct byte_ring *ring)
{
    return ring->head - ring->tail;
}

static inline uint32_t ring_room(const struct byte_ring *ring)
{
    return ring->capacity - ring_used(ring);
}

/* How many pages it has reached. */
uint32_t ring_count_pages(const struct byte_ring *ring);

/* Copies what there is room for into the ring: bytes, -EFAULT or -ENOMEM. */
long ring_put(struct byte_ring *ring, struct io_iter *from);

/* Copies what is there out of it: bytes, or -EFAULT. Of a piece that goes in part, nothing. */
long ring_take(struct byte_ring *ring, struct io_iter *to);

/*
 * The first of the bytes behind the first skip ones that lie in one piece: how many, and where.
 * They stay until ring_drop().
 */
size_t ring_peek(const struct byte_ring *ring, uint32_t skip, char **where);
void ring_drop(struct byte_ring *ring, uint32_t count);

/* Moves the bytes to a ring of another capacity: 0, -EBUSY when it is too small, -ENOMEM. */
int ring_resize(struct byte_ring *ring, uint32_t capacity);

#endif
