// SPDX-License-Identifier: MIT
/*
 * System calls that move bytes between files and memory: read, write and their kin; lseek.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <linux/fs.h>

#include "fs/open.h"
#include "kernel/file.h"
#include "kernel/io_iter.h"
#include "kernel/syscall.h"
#include "mm/slab.h"

typedef long (*transfer_t)(struct file *file, struct io_iter *iter, uint64_t *offset);

/* What Linux checks of the file before it looks at the buffer. */
static inline long check_file(const struct file *file, transfer_t transfer)
{
    return transfer == file_read ? file_check_read(file) : file_check_write(file);
}

/* One buffer; offset NULL: the file's own. */
static inline long transfer_buffer(struct file *file, uintptr_t buffer, size_t count,
                                   uint64_t *offset, transfer_t transfer)
{
    struct iovec segment;
    struct io_iter iter;
    long error = check_file(file, transfer);

    if (!error)
        error = io_iter_buffer(&iter, &segment, buffer, count);
    return error ? error : transfer(file, &iter, offset);
}

/* What says how safely to write says nothing here. The other flags are not understood. */
#define RWF_UNDERSTOOD (RWF_HIPRI | RWF_DSYNC | RWF_SYNC)

static long transfer_segments(struct file *file, uintptr_t vector, size_t count, uint64_t *offset,
                              unsigned int flags, transfer_t transfer)
{
    struct iovec *segments;
    struct io_iter iter;
    long result = check_file(file, transfer);

    if (!result)
        result = import_iovec(vector, count, &segments, &iter);
    if (result)
        return result;
    if (iter.remaining)
        result = flags & ~RWF_UNDERSTOOD ? -EOPNOTSUPP : transfer(file, &iter, offset);
    kfree(segments);
    return result;
}

SYSCALL3(read, int, fd, uintptr_t, buffer, size_t, count)
{
    struct file *file = fd_get(fd);
    long result;

    if (!file)
        return -EBADF;
    result = transfer_buffer(file, buffer, count, NULL, file_read);
    file_put(file);
    return result;
}

SYSCALL3(write, int, fd, uintptr_t, buffer, size_t, count)
{
    struct file *file = fd_get(fd);
    long result;

    if (!file)
        return -EBADF;
    result = transfer_buffer(file, buffer, count, NULL, file_write);
    file_put(file);
    return result;
}

SYSCALL3(readv, int, fd, uintptr_t, vector, size_t, count)
{
    struct file *file = fd_get(fd);
    long result;

    if (!file)
        return -EBADF;
    result = transfer_segments(file, vector, count, NULL, 0, file_read);
    file_put(file);
    return result;
}

SYSCALL3(writev, int, fd, uintptr_t, vector, size_t, count)
{
    struct file *file = fd_get(fd);
    long result;

    if (!file)
        return -EBADF;
    result = transfer_segments(file, vector, count, NULL, 0, file_write);
    file_put(file);
    return result;
}

/* The file for a transfer at a given offset: -EINVAL, -EBADF, -ESPIPE, in this order. */
static long get_seekable(int fd, long offset, struct file **file)
{
    if (offset < 0)
        return -EINVAL;
    *file = fd_get(fd);
    if (!*file)
        return -EBADF;
    if ((*file)->seekable)
        return 0;
    file_put(*file);
    return -ESPIPE;
}

static long buffer_at(int fd, uintptr_t buffer, size_t count, long offset, transfer_t transfer)
{
    struct file *file;
    uint64_t at = offset;
    long result = get_seekable(fd, offset, &file);

    if (result)
        return result;
    result = transfer_buffer(file, buffer, count, &at, transfer);
    file_put(file);
    return result;
}

static long segments_at(int fd, uintptr_t vector, size_t count, long offset, unsigned int flags,
                        transfer_t transfer)
{
    struct file *file;
    uint64_t at = offset;
    long result = get_seekable(fd, offset, &file);

    if (result)
        return result;
    result = transfer_segments(file, vector, count, &at, flags, transfer);
    file_put(file);
    return result;
}

SYSCALL4(pread64, int, fd, uintptr_t, buffer, size_t, count, long, offset)
{
    return buffer_at(fd, buffer, count, offset, file_read);
}

SYSCALL4(pwrite64, int, fd, uintptr_t, buffer, size_t, count, long, offset)
{
    return buffer_at(fd, buffer, count, offset, file_write);
}

SYSCALL4(preadv, int, fd, uintptr_t, vector, size_t, count, long, offset)
{
    return segments_at(fd, vector, count, offset, 0, file_read);
}

SYSCALL4(pwritev, int, fd, uintptr_t, vector, size_t, count, long, offset)
{
    return segments_at(fd, vector, count, offset, 0, file_write);
}

/* At an offset of -1: at the file's own. */
static long segments_with_flags(int fd, uintptr_t vector, size_t count, long offset,
                                unsigned int flags, transfer_t transfer)
{
    struct file *file;
    long result;

    if (offset != -1)
        return segments_at(fd, vector, count, offset, flags, transfer);
    file = fd_get(fd);
    if (!file)
        return -EBADF;
    result = transfer_segments(file, vector, count, NULL, flags, transfer);
    file_put(file);
    return result;
}

SYSCALL6(preadv2, int, fd, uintptr_t, vector, size_t, count, long, offset, unsigned long, high,
         unsigned int, flags)
{
    (void)high; /* of the offset, where a long is not enough for one */
    return segments_with_flags(fd, vector, count, offset, flags, file_read);
}

SYSCALL6(pwritev2, int, fd, uintptr_t, vector, size_t, count, long, offset, unsigned long, high,
         unsigned int, flags)
{
    (void)high;
    return segments_with_flags(fd, vector, count, offset, flags, file_write);
}

SYSCALL3(lseek, int, fd, long, offset, unsigned int, whence)
{
    struct file *file = fd_get(fd);
    long result;

    if (!file)
        return -EBADF;
    if (whence > SEEK_MAX)
        result = -EINVAL;
    else
        result = file->operations->seek ? file->operations->seek(file, offset, whence) : -ESPIPE;
    file_put(file);
    return result;
}
