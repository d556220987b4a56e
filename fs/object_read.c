// SPDX-License-Identifier: MIT
/*
 * Reading memory objects.
 */
#include "fs/object_read.h"

#include <asm/errno.h>

#include "mm/object.h"

/* Bytes put of a piece that lies in one page. */
static long read_piece(struct memory_object *object, struct io_iter *to, uint64_t offset,
                       size_t size)
{
    struct page *page;
    size_t put;
    int error = object_page(object, offset / PAGE_SIZE, false, &page);

    if (error)
        return error;
    if (!page)
        return io_iter_put_zeros(to, size);
    put = io_iter_put(to, (char *)page_address(page) + offset % PAGE_SIZE, size);
    page_put(page);
    return put;
}

long object_read(struct memory_object *object, struct io_iter *to, uint64_t *offset)
{
    uint64_t size = object->size;
    long total = 0;

    while (to->remaining && *offset < size) {
        uint64_t left = size - *offset < to->remaining ? size - *offset : to->remaining;
        size_t piece = piece_in_page(*offset, left);
        long put = read_piece(object, to, *offset, piece);

        if (put <= 0)
            return total ? total : put ? put : -EFAULT;
        *offset += put;
        total += put;
        if ((size_t)put < piece)
            break;
    }
    return total;
}
