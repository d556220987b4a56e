// SPDX-License-Identifier: MIT
/*
 * Several buffers in user space in one call: readv and writev.
 */
#include "fs/open/vector.h"

#include <asm/errno.h>
#include <linux/fs.h>

#include "arch/mmu/usercopy.h"
#include "kernel/call/syscall.h"
#include "kernel/file/file.h"
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

/* What says how safely to write says nothing here. */
#define RWF_UNDERSTOOD (RWF_HIPRI | RWF_DSYNC | RWF_SYNC)

long file_transfer_segments(struct file *file, uintptr_t vector, size_t count, uint64_t *offset,
                            unsigned int flags, file_transfer_t transfer)
{
    struct iovec *segments;
    struct io_iter iter;
    long result = transfer == file_read ? file_check_read(file) : file_check_write(file);

    if (!result)
        result = import_iovec(vector, count, &segments, &iter);
    if (result)
        return result;
    if (iter.remaining)
        result = flags & ~RWF_UNDERSTOOD ? -EOPNOTSUPP : transfer(file, &iter, offset);
    kfree(segments);
    return result;
}

long fd_transfer_segments(int fd, uintptr_t vector, size_t count, unsigned int flags,
                          file_transfer_t transfer)
{
    struct file *file = fd_get(fd);
    long result;

    if (!file)
        return -EBADF;
    result = file_transfer_segments(file, vector, count, NULL, flags, transfer);
    file_put(file);
    return result;
}

SYSCALL3(readv, int, fd, uintptr_t, vector, size_t, count)
{
    return fd_transfer_segments(fd, vector, count, 0, file_read);
}

SYSCALL3(writev, int, fd, uintptr_t, vector, size_t, count)
{
    return fd_transfer_segments(fd, vector, count, 0, file_write);
}
