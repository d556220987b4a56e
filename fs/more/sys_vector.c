// SPDX-License-Identifier: MIT
/*
 * System calls that move bytes between several buffers and a file at an offset: preadv and its kin.
 */
#include <asm/errno.h>

#include "fs/open/open.h"
#include "kernel/call/syscall.h"
#include "kernel/file/file.h"

static long segments_at(int fd, uintptr_t vector, size_t count, long offset, unsigned int flags,
                        file_transfer_t transfer)
{
    struct file *file;
    uint64_t at = offset;
    long result = fd_get_seekable(fd, offset, &file);

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
    struct file *file;
    long result;

    if (offset != -1)
        return segments_at(fd, vector, count, offset, flags, transfer);
    file = fd_get(fd);
    if (!file)
        return -EBADF;
    result = file_transfer_segments(file, vector, count, NULL, flags, transfer);
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
