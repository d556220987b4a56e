// SPDX-License-Identifier: MIT
/*
 * System calls that move bytes between files and memory, one buffer at a file's own offset.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <linux/fs.h>

#include "fs/open/open.h"
#include "kernel/call/io_iter.h"
#include "kernel/call/syscall.h"
#include "kernel/file/file.h"

static inline long move_buffer(int fd, uintptr_t buffer, size_t count, file_transfer_t transfer)
{
    struct file *file = fd_get(fd);
    long result;

    if (!file)
        return -EBADF;
    result = file_transfer_buffer(file, buffer, count, NULL, transfer);
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
