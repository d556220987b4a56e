// SPDX-License-Identifier: MIT
/*
 * io_iter: where the bytes of a read or write come from or go to.
 *
 * A file's operations copy through one of these and need not know whether the other side is one
 * user buffer, an iovec array, or kernel memory. User memory is accessed by usercopy, so under the
 * caller's PKRU; a copy stops at the first byte that may not be accessed.
 */
#ifndef KERNEL_CALL_IO_ITER_H
#define KERNEL_CALL_IO_ITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asm/errno.h>
#include <linux/uio.h>

#include "arch/mmu/usercopy.h"

struct io_iter {
    const struct iovec *segments; /* kernel copy of the array, from the one in use on */
    size_t offset;                /* into the first segment */
    size_t remaining;             /* bytes left in all */
    bool is_user;                 /* the segments' bases are user addresses */
};

/* The most bytes that one call moves, so that counts fit an int: Linux's MAX_RW_COUNT. */
#define IO_COUNT_MAX 0x7ffff000ul

static inline void io_iter_kernel(struct io_iter *iter, const struct iovec *segment)
{
    *iter = (struct io_iter){.segments = segment, .remaining = segment->iov_len};
}

/* For one buffer, which is stored in *segment: 0; -EFAULT when not all of it is in user space. */
static inline int io_iter_buffer(struct io_iter *iter, struct iovec *segment, uintptr_t user,
                                 size_t count)
{
    if (!user_range_ok(user, count))
        return -EFAULT;
    if (count > IO_COUNT_MAX)
        count = IO_COUNT_MAX;
    *segment = (struct iovec){(void *)user, count};
    *iter = (struct io_iter){.segments = segment, .remaining = count, .is_user = true};
    return 0;
}

/*
 * Copies up to count bytes between kernel memory and the iter, and advances the iter. Returns how
 * many were copied: fewer than min(count, remaining) only when user memory was not accessible.
 */
size_t io_iter_put(struct io_iter *iter, const void *source, size_t count);
size_t io_iter_take(struct io_iter *iter, void *destination, size_t count);

/* As io_iter_put(), of bytes that are 0. */
size_t io_iter_put_zeros(struct io_iter *iter, size_t count);

#endif
