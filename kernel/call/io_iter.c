// SPDX-License-Identifier: MIT
/*
 * io_iter: one loop over the segments, with the copy of one piece as its body.
 */
#include "kernel/call/io_iter.h"

#include <asm/errno.h>

#include "arch/mmu/usercopy.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"

/* What is wrong with the first segment that has a fault, in its length or by not being there. */
static int copy_segments(struct iovec *copy, uintptr_t user, size_t count)
{
    size_t size = count * sizeof(*copy);
    size_t missed = copy_from_user(copy, user, size);

    for (size_t i = 0; i < (size - missed) / sizeof(*copy); i++)
        if ((long)copy[i].iov_len < 0)
            return -EINVAL;
    return missed ? -EFAULT : 0;
}

int iovec_from_user(uintptr_t user, size_t count, struct iovec **segments)
{
    struct iovec *copy;
    int error;

    if (count > UIO_MAXIOV)
        return -EINVAL;
    copy = kmalloc(count ? count * sizeof(*copy) : 1);
    if (!copy)
        return -ENOMEM;
    error = copy_segments(copy, user, count);
    if (error)
        kfree(copy);
    else
        *segments = copy;
    return error;
}

/* Linux looks at what it will move of a single segment, and at the whole of several. */
static int clamp_segments(struct iovec *segments, size_t count, size_t *total)
{
    *total = 0;
    if (count == 1 && segments->iov_len > IO_COUNT_MAX)
        segments->iov_len = IO_COUNT_MAX;
    for (size_t i = 0; i < count; i++) {
        if (!user_range_ok((uintptr_t)segments[i].iov_base, segments[i].iov_len))
            return -EFAULT;
        if (segments[i].iov_len > IO_COUNT_MAX - *total)
            segments[i].iov_len = IO_COUNT_MAX - *total;
        *total += segments[i].iov_len;
    }
    return 0;
}

int import_iovec(uintptr_t user, size_t count, struct iovec **segments, struct io_iter *iter)
{
    struct iovec *copy;
    size_t total;
    int error = iovec_from_user(user, count, &copy);

    if (error)
        return error;
    error = clamp_segments(copy, count, &total);
    if (error) {
        kfree(copy);
        return error;
    }
    *segments = copy;
    *iter = (struct io_iter){.segments = copy, .remaining = total, .is_user = true};
    return 0;
}

/* Copies between a piece of a segment and kernel memory; returns the bytes NOT copied. */
typedef size_t (*copy_piece_t)(const struct io_iter *iter, uintptr_t piece, uintptr_t kernel,
                               size_t count);

static size_t put_piece(const struct io_iter *iter, uintptr_t piece, uintptr_t kernel, size_t count)
{
    if (iter->is_user)
        return copy_to_user(piece, (const void *)kernel, count);
    memcpy((void *)piece, (const void *)kernel, count);
    return 0;
}

static size_t take_piece(const struct io_iter *iter, uintptr_t piece, uintptr_t kernel,
                         size_t count)
{
    if (iter->is_user)
        return copy_from_user((void *)kernel, piece, count);
    memcpy((void *)kernel, (const void *)piece, count);
    return 0;
}

static size_t zero_piece(const struct io_iter *iter, uintptr_t piece, uintptr_t kernel,
                         size_t count)
{
    (void)kernel;
    if (iter->is_user)
        return clear_user(piece, count);
    memset((void *)piece, 0, count);
    return 0;
}

/* Moves on by so many bytes of the first segment. */
static void advance(struct io_iter *iter, size_t count)
{
    iter->remaining -= count;
    iter->offset += count;
    if (iter->offset == iter->segments->iov_len) {
        iter->segments++;
        iter->offset = 0;
    }
}

/* In each of its callers, so that copy_piece is a direct call. */
static inline __attribute__((always_inline)) size_t copy(struct io_iter *iter, uintptr_t kernel,
                                                         size_t count, copy_piece_t copy_piece)
{
    size_t done = 0;
    size_t missed = 0;

    if (count > iter->remaining)
        count = iter->remaining;
    while (done < count && !missed) {
        size_t piece = iter->segments->iov_len - iter->offset;

        if (piece > count - done)
            piece = count - done;
        missed = copy_piece(iter, (uintptr_t)iter->segments->iov_base + iter->offset, kernel + done,
                            piece);
        advance(iter, piece - missed);
        done += piece - missed;
    }
    return done;
}

size_t io_iter_put(struct io_iter *iter, const void *source, size_t count)
{
    return copy(iter, (uintptr_t)source, count, put_piece);
}

size_t io_iter_take(struct io_iter *iter, void *destination, size_t count)
{
    return copy(iter, (uintptr_t)destination, count, take_piece);
}

size_t io_iter_put_zeros(struct io_iter *iter, size_t count)
{
    return copy(iter, 0, count, zero_piece);
}
