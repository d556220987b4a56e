// SPDX-License-Identifier: MIT
#include "fs/byte_ring.h"

#include <asm/errno.h>

#include "arch/types.h"
#include "mm/page.h"
#include "mm/slab.h"

int ring_init(struct byte_ring *ring, uint32_t capacity)
{
    *ring = (struct byte_ring){.capacity = capacity};
    ring->pages = kzalloc(capacity / PAGE_SIZE * sizeof(char *));
    return ring->pages ? 0 : -ENOMEM;
}

void ring_free(struct byte_ring *ring)
{
    for (uint32_t i = 0; ring->pages && i < ring->capacity / PAGE_SIZE; i++)
        if (ring->pages[i])
            page_put(page_of(direct_map_paddr(ring->pages[i])));
    kfree(ring->pages);
}

uint32_t ring_count_pages(const struct byte_ring *ring)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < ring->capacity / PAGE_SIZE; i++)
        count += ring->pages[i] != NULL;
    return count;
}

static char **page_at(const struct byte_ring *ring, uint32_t position)
{
    return &ring->pages[position % ring->capacity / PAGE_SIZE];
}

/* The part of count bytes at a position that lies in one page, and where that is. */
static size_t piece_at(const struct byte_ring *ring, uint32_t position, size_t count, char **where)
{
    size_t rest = PAGE_SIZE - position % PAGE_SIZE;

    *where = *page_at(ring, position) + position % PAGE_SIZE;
    return count < rest ? count : rest;
}

long ring_take(struct byte_ring *ring, struct io_iter *to)
{
    long total = 0;

    while (to->remaining && ring_used(ring)) {
        char *where;
        size_t piece = ring_peek(ring, 0, &where);

        if (piece > to->remaining)
            piece = to->remaining;
        if (io_iter_put(to, where, piece) < piece)
            return total ? total : -EFAULT;
        ring_drop(ring, piece);
        total += piece;
    }
    return total;
}

size_t ring_peek(const struct byte_ring *ring, uint32_t skip, char **where)
{
    return piece_at(ring, ring->tail + skip, ring_used(ring) - skip, where);
}

void ring_drop(struct byte_ring *ring, uint32_t count)
{
    ring->tail += count;
}

static int reach_page(struct byte_ring *ring)
{
    char **slot = page_at(ring, ring->head);
    struct page *page;

    if (*slot)
        return 0;
    page = page_alloc(0, PAGE_ANY);
    if (!page)
        return -ENOMEM;
    *slot = page_address(page);
    return 0;
}

long ring_put(struct byte_ring *ring, struct io_iter *from)
{
    long total = 0;

    while (from->remaining && ring_room(ring)) {
        size_t wanted = from->remaining < ring_room(ring) ? from->remaining : ring_room(ring);
        int error = reach_page(ring);
        char *where;
        size_t piece;

        if (error)
            return total ? total : error;
        piece = piece_at(ring, ring->head, wanted, &where);
        if (io_iter_take(from, where, piece) < piece)
            return total ? total : -EFAULT;
        ring->head += piece;
        total += piece;
    }
    return total;
}

/* Puts all that is in one ring into another, too, which has the room. */
static int copy_ring(struct byte_ring *to, const struct byte_ring *from)
{
    for (uint32_t done = 0; done < ring_used(from);) {
        struct iovec segment;
        struct io_iter iter;
        char *where;

        segment.iov_len = ring_peek(from, done, &where);
        segment.iov_base = where;
        done += segment.iov_len;
        io_iter_kernel(&iter, &segment);
        ring_put(to, &iter);
        if (iter.remaining)
            return -ENOMEM;
    }
    return 0;
}

int ring_resize(struct byte_ring *ring, uint32_t capacity)
{
    struct byte_ring resized;
    int error;

    if (ring_used(ring) > capacity)
        return -EBUSY;
    error = ring_init(&resized, capacity);
    if (!error)
        error = copy_ring(&resized, ring);
    if (error) {
        ring_free(&resized);
        return error;
    }
    ring_free(ring);
    *ring = resized;
    return 0;
}
