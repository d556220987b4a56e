// SPDX-License-Identifier: MIT
/*
 * Writing whole pages of tmpfs files: one that is written for the first time is filled before the
 * file has it, so that it need not be zeroed and nobody sees it half full.
 */
#include <asm/errno.h>

#include "fs/more/tmpfs_more.h"
#include "libc/include/string.h"
#include "mm/object/object.h"

/* Bytes taken into a new page, of which nothing else is in the file. */
static long write_new_page(struct memory_object *object, struct io_iter *from, uint64_t index,
                           struct page *page)
{
    long taken = io_iter_take(from, page_address(page), PAGE_SIZE);
    int error = 0;

    memset((char *)page_address(page) + taken, 0, PAGE_SIZE - taken);
    if (taken)
        error = object_add(object, index, page);
    if (error == -EEXIST) { /* another writer was faster: both have written, we last */
        struct page *other;

        error = object_page(object, index, true, &other);
        if (!error) {
            memcpy(page_address(other), page_address(page), taken);
            page_put(other);
        }
        page_put(page);
    } else if (error || !taken) {
        page_put(page);
    }
    return error ? error : taken;
}

long tmpfs_write_whole(struct memory_object *object, struct io_iter *from, uint64_t offset,
                       size_t size)
{
    struct page *page;

    if (size < PAGE_SIZE || object_page(object, offset / PAGE_SIZE, false, &page))
        return tmpfs_write_piece(object, from, offset, size);
    if (page)
        return tmpfs_write_page(page, from, offset, size);
    page = page_alloc(0, PAGE_ANY);
    if (page)
        return write_new_page(object, from, offset / PAGE_SIZE, page);
    return tmpfs_write_piece(object, from, offset, size); /* there may be a reserved one */
}
