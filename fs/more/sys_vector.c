// SPDX-License-Identifier: MIT
/* System calls that move bytes at an offset of their own: pread64, preadv and the like. */
#include <asm/errno.h>

#include "fs/open/open.h"
#include "fs/open/vector.h"
#include "kernel/call/syscall.h"
#include "kernel/file/file.h"

/* The file for a transfer at an offset: 0, -EINVAL, -EBADF or -ESPIPE, in this order. */
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

static long buffer_at(int fd, uintptr_t buffer, size_t count, long offset, file_transfer_t transfer)
{
    struct file *file;
    uint64_t at = offset;
    long result = get_seekable(fd, offset, &file);

    if (result)
        return result;
    result = file_transfer_buffer(file, buffer, count, &at, transfer);
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

static long segments_at(int fd, uintptr_t vector, size_t count, long offset, unsigned int flags,
                        file_transfer_t transfer)
{
    struct file *file;
    uint64_t at = offset;
    long result = get_seekable(fd, offset, &file);

    if (result)
        return result;
    result = file_transfer_segments(file, vector, count, &at, flags, transfer);
    file_put(file);
    return result;
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
                                unsigned int flags, file_transfer_t transfer)
{
    if (offset != -1)
        return segments_at(fd, vector, count, offset, flags, transfer);
    return fd_transfer_segments(fd, vector, count, flags, transfer);
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
