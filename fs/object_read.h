// SPDX-License-Identifier: MIT
/*
 * Reading memory objects: the contents of tmpfs files and generated text.
 */
#ifndef FS_OBJECT_READ_H
#define FS_OBJECT_READ_H

#include <stddef.h>
#include <stdint.h>

#include "arch/types.h"
#include "kernel/io_iter.h"

struct memory_object;

/* How much of count bytes from offset on lies in offset's page. */
static inline size_t piece_in_page(uint64_t offset, uint64_t count)
{
    uint64_t rest = PAGE_SIZE - offset % PAGE_SIZE;

    return count < rest ? count : rest;
}

/*
 * Bytes read from *offset on, which moves, up to the object's size; a hole reads as zeros. -EFAULT
 * when not even one could be put.
 */
long object_read(struct memory_object *object, struct io_iter *to, uint64_t *offset);

#endif
