// SPDX-License-Identifier: MIT
/*
 * A ring of bytes: what is in a pipe. It lies in pages that are allocated when they are first
 * reached. Whoever owns a ring guards it.
 */
#ifndef FS_PIPE_BYTE_RING_H
#define FS_PIPE_BYTE_RING_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/call/io_iter.h"

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

/* The part of count bytes at a position that lies in one page, and where that is. */
size_t ring_piece(const struct byte_ring *ring, uint32_t position, size_t count, char **where);

/* Copies what there is room for into the ring: bytes, -EFAULT or -ENOMEM. */
long ring_put(struct byte_ring *ring, struct io_iter *from);

/* Copies what is there out of it: bytes, or -EFAULT. Of a piece that goes in part, nothing. */
long ring_take(struct byte_ring *ring, struct io_iter *to);

#endif
