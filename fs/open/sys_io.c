// SPDX-License-Identifier: MIT
/*
 * System calls that move bytes between files and memory: read, write and their kin; lseek,
 * ioctl.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <linux/fs.h>

#include "fs/open/open.h"
#include "kernel/call/io_iter.h"
#include "kernel/call/syscall.h"
#include "kernel/file/file.h"
#include "mm/page/slab.h"

/* What Linux checks of the file before it looks at the buffer. */
static inline long check_file(const struct file *file, file_transfer_t transfer)
{
    return transfer == file_read ? file_check_read(file) : file_check_write(file);
}

/* One buffer; offset NULL: the file's own. */
static inline long transfer_buffer(struct file *file, uintptr_t buffer, size_t count,
                                   uint64_t *offset, file_transfer_t transfer)
{
    struct iovec segment;
    struct io_iter iter;
    long error = check_file(file, transfer);

    if (!error)
        error = io_iter_buffer(&iter, &segment, buffer, count);
    return error ? error : transfer(file, &iter, offset);
}

/* What says how safely to write says nothing here. */
#define RWF_UNDERSTOOD (RWF_HIPRI | RWF_DSYNC | RWF_SYNC)

long file_transfer_segments(struct file *file, uintptr_t vector, size_t count, uint64_t *offset,
                            unsigned int flags, file_transfer_t transfer)
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

static inline long move_buffer(int fd, uintptr_t buffer, size_t count, file_transfer_t transfer)
{
    struct file *file = fd_get(fd);
    long result;

    if (!file)
        return -EBADF;
    result = transfer_buffer(file, buffer, count, NULL, transfer);
    file_put(file);
    return result;
}

SYSCALL3(read, int, fd, uintptr_t, buffer, size_t, count)
{
    return move_buffer(fd, buffer, count, file_read);
}

SYSCALL3(write, int, fd, uintptr_t, buffer, size_t, count)
{
    return move_buffer(fd, buffer, count, file_write);
}

static long move_segments(int fd, uintptr_t vector, size_t count, file_transfer_t transfer)
{
    struct file *file = fd_get(fd);
    long result;

    if (!file)
        return -EBADF;
    result = file_transfer_segments(file, vector, count, NULL, 0, transfer);
    file_put(file);
    return result;
}

SYSCALL3(readv, int, fd, uintptr_t, vector, size_t, count)
{
    return move_segments(fd, vector, count, file_read);
}

SYSCALL3(writev, int, fd, uintptr_t, vector, size_t, count)
{
    return move_segments(fd, vector, count, file_write);
}

long fd_get_seekable(int fd, long offset, struct file **file)
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

static long buffer_at(int fd, uintptr_t buffer, size_t count, long offset, file_transfer_t transfer)
{
    struct file *file;
    uint64_t at = offset;
    long result = fd_get_seekable(fd, offset, &file);

    if (result)
        return result;
    result = transfer_buffer(file, buffer, count, &at, transfer);
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

SYSCALL3(ioctl, int, fd, unsigned int, request, uintptr_t, argument)
{
    struct file *file = fd_get(fd);
    struct file_command command = {file, fd, request, argument};
    long result = -ENOTTY;

    if (!file)
        return -EBADF;
    if (!ASK(file_is_controlled, &command, &result) && file->operations->ioctl)
        result = file->operations->ioctl(file, request, argument);
    file_put(file);
    return result;
}
