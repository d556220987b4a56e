// SPDX-License-Identifier: MIT
/*
 * io_iter: one loop over the segments, with the copy of one piece as its body.
 */
#include "kernel/call/io_iter.h"

#include "arch/mmu/usercopy.h"
#include "libc/include/string.h"

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

/* Advances by count bytes of the first segment. */
static void advance(struct io_iter *iter, size_t count)
{
    iter->remaining -= count;
    iter->offset += count;
    if (iter->offset == iter->segments->iov_len) {
        iter->segments++;
        iter->offset = 0;
    }
}

/* Inlined in each caller, so that copy_piece is a direct call. */
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
