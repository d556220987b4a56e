// SPDX-License-Identifier: MIT
#include "fs/pipe/byte_ring.h"

#include <asm/errno.h>

#include "arch/cpu/types.h"
#include "mm/page/page.h"
#include "mm/page/slab.h"

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

static char **page_at(const struct byte_ring *ring, uint32_t position)
{
    return &ring->pages[position % ring->capacity / PAGE_SIZE];
}

size_t ring_piece(const struct byte_ring *ring, uint32_t position, size_t count, char **where)
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
        size_t piece = ring_piece(ring, ring->tail, ring_used(ring), &where);

        if (piece > to->remaining)
            piece = to->remaining;
        if (io_iter_put(to, where, piece) < piece)
            return total ? total : -EFAULT;
        ring->tail += piece;
        total += piece;
    }
    return total;
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
        piece = ring_piece(ring, ring->head, wanted, &where);
        if (io_iter_take(from, where, piece) < piece)
            return total ? total : -EFAULT;
        ring->head += piece;
        total += piece;
    }
    return total;
}
