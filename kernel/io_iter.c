// SPDX-License-Identifier: MIT
/*
 * io_iter: one loop over the segments, with the copy of one piece as its body.
 */
#include "kernel/io_iter.h"

#include <asm/errno.h>

#include "arch/usercopy.h"
#include "libc/include/string.h"
#include "mm/slab.h"

int iovec_from_buffer(uintptr_t user, size_t count, struct iovec *segment)
{
    if (!user_range_ok(user, count))
        return -EFAULT;
    segment->iov_base = (void *)user;
    segment->iov_len = count < IO_COUNT_MAX ? count : IO_COUNT_MAX;
    return 0;
}

static int check_segments(struct iovec *segments, size_t count)
{
    size_t room = IO_COUNT_MAX;

    for (size_t i = 0; i < count; i++)
        if ((long)segments[i].iov_len < 0)
            return -EINVAL;
    for (size_t i = 0; i < count; i++) {
        if (!user_range_ok((uintptr_t)segments[i].iov_base, segments[i].iov_len))
            return -EFAULT;
        if (segments[i].iov_len > room)
            segments[i].iov_len = room;
        room -= segments[i].iov_len;
    }
    return 0;
}

int iovec_from_user(uintptr_t user, size_t count, struct iovec **segments)
{
    size_t size = count * sizeof(struct iovec);
    struct iovec *copy;
    int error;

    if (count > UIO_MAXIOV)
        return -EINVAL;
    copy = kmalloc(size ? size : 1);
    if (!copy)
        return -ENOMEM;
    error = copy_from_user(copy, user, size) ? -EFAULT : check_segments(copy, count);
    if (error)
        kfree(copy);
    else
        *segments = copy;
    return error;
}

/* Copies between a piece of a segment and kernel memory; returns the bytes NOT copied. */
typedef size_t (*copy_piece_t)(const struct io_iter *iter, void *piece, void *kernel, size_t count);

static void init(struct io_iter *iter, const struct iovec *segments, size_t count, bool is_user)
{
    *iter = (struct io_iter){.segments = segments, .segment_count = count, .is_user = is_user};
    for (size_t i = 0; i < count; i++)
        iter->remaining += segments[i].iov_len;
}

void io_iter_user(struct io_iter *iter, const struct iovec *segments, size_t count)
{
    init(iter, segments, count, true);
}

void io_iter_kernel(struct io_iter *iter, const struct iovec *segment)
{
    init(iter, segment, 1, false);
}

static size_t put_piece(const struct io_iter *iter, void *piece, void *kernel, size_t count)
{
    if (iter->is_user)
        return copy_to_user((uintptr_t)piece, kernel, count);
    memcpy(piece, kernel, count);
    return 0;
}

static size_t take_piece(const struct io_iter *iter, void *piece, void *kernel, size_t count)
{
    if (iter->is_user)
        return copy_from_user(kernel, (uintptr_t)piece, count);
    memcpy(kernel, piece, count);
    return 0;
}

static size_t zero_piece(const struct io_iter *iter, void *piece, void *kernel, size_t count)
{
    (void)kernel;
    if (iter->is_user)
        return clear_user((uintptr_t)piece, count);
    memset(piece, 0, count);
    return 0;
}

static void advance(struct io_iter *iter, size_t count)
{
    iter->remaining -= count;
    iter->offset += count;
    while (iter->segment_count && iter->offset == iter->segments->iov_len) {
        iter->segments++;
        iter->segment_count--;
        iter->offset = 0;
    }
}

/* In each of its callers, so that copy_piece is a direct call. */
static inline __attribute__((always_inline)) size_t copy(struct io_iter *iter, char *kernel,
                                                         size_t count, copy_piece_t copy_piece)
{
    size_t done = 0;

    if (count > iter->remaining)
        count = iter->remaining;
    while (done < count) {
        size_t piece = iter->segments->iov_len - iter->offset;
        size_t missed;

        if (piece > count - done)
            piece = count - done;
        missed = copy_piece(iter, (char *)iter->segments->iov_base + iter->offset, kernel, piece);
        advance(iter, piece - missed);
        done += piece - missed;
        if (missed)
            break;
        if (kernel)
            kernel += piece;
    }
    return done;
}

size_t io_iter_put(struct io_iter *iter, const void *source, size_t count)
{
    return copy(iter, (char *)(uintptr_t)source, count, put_piece);
}

size_t io_iter_take(struct io_iter *iter, void *destination, size_t count)
{
    return copy(iter, destination, count, take_piece);
}

size_t io_iter_put_zeros(struct io_iter *iter, size_t count)
{
    return copy(iter, NULL, count, zero_piece);
}
