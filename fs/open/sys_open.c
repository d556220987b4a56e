// SPDX-License-Identifier: MIT
/*
 * System calls that open files, close descriptors, and read and write.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

#include "fs/node/path.h"
#include "fs/open/open.h"
#include "kernel/call/syscall.h"
#include "kernel/file/file.h"
#include "kernel/task/task.h"
#include "mm/page/slab.h"

__attribute__((weak)) unsigned int task_umask(void)
{
    return UMASK_FIRST;
}

long open_check(const struct open_how *how)
{
    if ((how->flags & O_CREAT) && (how->flags & O_DIRECTORY))
        return -EINVAL;
    if ((how->flags & __O_TMPFILE) &&
        ((how->flags & O_TMPFILE) != O_TMPFILE || !(how->flags & O_ACCMODE)))
        return -EINVAL;
    return 0;
}

long open_at(int directory, uintptr_t user_path, struct open_how *how)
{
    struct node *base = NULL;
    struct file *file = NULL;
    char *path;
    long result = path_from_user(user_path, PATH_USER_NOT_EMPTY, &path);

    if (result)
        return result;
    how->mode &= ~(uint64_t)task_umask();
    if (!(how->flags & O_PATH))
        how->flags |= O_LARGEFILE;
    result = path_base(directory, how->resolve & RESOLVE_IN_ROOT ? "." : path, &base);
    if (!result)
        result = open_path(base, path, how, &file);
    node_put(base);
    kfree(path);
    if (result)
        return result;
    return file_table_add(current()->files, file, 0, how->flags & O_CLOEXEC);
}

/* open() and openat() ignore flags and modes that openat2() refuses. */
static long open_tolerantly(int directory, uintptr_t path, unsigned int flags, uint32_t mode)
{
    struct open_how how = {.flags = flags & OPEN_FLAGS};
    long error;

    if (flags & O_PATH)
        how.flags &= PATH_FLAGS;
    if (how.flags & (O_CREAT | __O_TMPFILE))
        how.mode = mode & OPEN_MODE_BITS;
    error = open_check(&how);
    return error ? error : open_at(directory, path, &how);
}

SYSCALL3(open, uintptr_t, path, unsigned int, flags, uint32_t, mode)
{
    return open_tolerantly(AT_FDCWD, path, flags, mode);
}

SYSCALL4(openat, int, directory, uintptr_t, path, unsigned int, flags, uint32_t, mode)
{
    return open_tolerantly(directory, path, flags, mode);
}

SYSCALL1(close, int, fd)
{
    return file_table_close(current()->files, fd);
}

/* ---- moving bytes, one buffer at a file's own offset ---- */

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
