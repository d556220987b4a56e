// SPDX-License-Identifier: MIT
/*
 * System calls about a file's size and the memory behind it: truncate, fallocate; and those that
 * would bring it to a disk. There is none, so nothing needs to be synchronised.
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fadvise.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>

#include "fs/more/events.h"
#include "fs/more/node_more.h"
#include "fs/more/path_more.h"
#include "fs/more/size_limit.h"
#include "fs/more/status.h"
#include "fs/node/node.h"
#include "fs/node/path.h"
#include "fs/open/open.h"
#include "fs/pipe/pipe.h"
#include "kernel/call/syscall.h"
#include "kernel/file/file.h"

static long may_truncate(const struct node *node)
{
    if (node_is_directory(node))
        return -EISDIR;
    return S_ISREG(node->mode) ? node_permission(node, MAY_WRITE) : -EINVAL;
}

static long resize(struct node *node, long size)
{
    struct stat status;
    long error;

    if (!node->operations->resize)
        return -EINVAL;
    node_status(node, &status);
    if (size > status.st_size && (uint64_t)size > size_limit())
        return size_limit_exceeded();
    error = node->operations->resize(node, size);
    if (!error)
        TELL(content_changes, node);
    return error;
}

/* By name, a file that has the size already is left alone: its times stay, too. */
static bool has_size(struct node *node, long size)
{
    struct stat status;

    node_status(node, &status);
    return status.st_size == size;
}

SYSCALL2(truncate, uintptr_t, path, long, size)
{
    struct node *node;
    long error;

    if (size < 0)
        return -EINVAL;
    error = path_lookup_user(AT_FDCWD, path, PATH_FOLLOW, &node);
    if (error)
        return error;
    error = may_truncate(node);
    if (!error && !has_size(node, size))
        error = resize(node, size);
    node_put(node);
    return error;
}

SYSCALL2(ftruncate, int, fd, long, size)
{
    struct file *file;
    long error = -EINVAL;

    if (size < 0)
        return -EINVAL;
    file = fd_get(fd);
    if (!file)
        return -EBADF;
    if (file->node && file_is_writable(file) && S_ISREG(file->node->mode))
        error = resize(file->node, size);
    file_put(file);
    return error;
}

static long allocate(struct node *node, unsigned int mode, uint64_t start, uint64_t end)
{
    struct stat status;
    int error;

    TELL(content_changes, node);
    if (mode & FALLOC_FL_PUNCH_HOLE)
        return node_more(node)->zero(node, start, end);
    node_status(node, &status);
    if (end > (uint64_t)status.st_size && end > size_limit())
        return size_limit_exceeded();
    if ((mode & FALLOC_FL_KEEP_SIZE) || (uint64_t)status.st_size >= end)
        return node_more(node)->allocate(node, start, end);
    error = node_more(node)->allocate(node, start, end);
    return error ? error : node->operations->resize(node, end);
}

/* What fallocate() may be asked to do; not all of it is done. */
#define ALLOCATION_KINDS                                                      \
    (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_ZERO_RANGE | \
     FALLOC_FL_INSERT_RANGE | FALLOC_FL_UNSHARE_RANGE)

/* Whether a mode names one kind, and says of the size what goes with it. */
static bool is_mode_sound(unsigned int mode)
{
    unsigned int kind = mode & ALLOCATION_KINDS;

    if ((mode & ~(ALLOCATION_KINDS | FALLOC_FL_KEEP_SIZE)) || (kind & (kind - 1)))
        return false;
    if (kind == FALLOC_FL_PUNCH_HOLE)
        return mode & FALLOC_FL_KEEP_SIZE;
    if (kind == FALLOC_FL_COLLAPSE_RANGE || kind == FALLOC_FL_INSERT_RANGE)
        return !(mode & FALLOC_FL_KEEP_SIZE);
    return true;
}

static long check_allocation(const struct file *file, unsigned int mode)
{
    if (!is_mode_sound(mode))
        return -EOPNOTSUPP;
    if (!file_is_writable(file))
        return -EBADF;
    if (!file->node)
        return file_is_pipe(file) ? -ESPIPE : -ENODEV;
    if (!S_ISREG(file->node->mode))
        return S_ISFIFO(file->node->mode) ? -ESPIPE : -ENODEV;
    return node_more(file->node)->allocate ? 0 : -EOPNOTSUPP;
}

SYSCALL4(fallocate, int, fd, unsigned int, mode, long, start, long, length)
{
    struct file *file = fd_get(fd);
    long error;

    if (!file)
        return -EBADF;
    if (start < 0 || length <= 0)
        error = -EINVAL;
    else
        error = check_allocation(file, mode);
    if (!error && (int64_t)((uint64_t)start + (uint64_t)length) < 0)
        error = -EFBIG;
    if (!error && (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE)))
        error = -EOPNOTSUPP;
    if (!error)
        error = allocate(file->node, mode, start, start + length);
    file_put(file);
    return error;
}

/* ---- synchronising ---- */

static long check_descriptor(int fd)
{
    struct file *file = fd_get(fd);

    if (!file)
        return -EBADF;
    file_put(file);
    return 0;
}

SYSCALL0(sync)
{
    return 0;
}

/* Pipes, devices and the like have nothing to write out. */
static long check_synchronised(int fd)
{
    struct file *file = fd_get(fd);
    long error;

    if (!file)
        return -EBADF;
    error =
        file->node && (S_ISREG(file->node->mode) || node_is_directory(file->node)) ? 0 : -EINVAL;
    file_put(file);
    return error;
}

SYSCALL1(fsync, int, fd)
{
    return check_synchronised(fd);
}

SYSCALL1(fdatasync, int, fd)
{
    return check_synchronised(fd);
}

SYSCALL1(syncfs, int, fd)
{
    return check_descriptor(fd);
}

/* What is in memory is there as fast as can be, whatever is going to be done with it. */
SYSCALL4(fadvise64, int, fd, long, offset, size_t, length, int, advice)
{
    struct file *file = fd_get(fd);
    long error = 0;

    (void)offset;
    if (!file)
        return -EBADF;
    if (!file->node || S_ISFIFO(file->node->mode))
        error = -ESPIPE;
    else if ((long)length < 0 || advice < POSIX_FADV_NORMAL || advice > POSIX_FADV_NOREUSE)
        error = -EINVAL;
    file_put(file);
    return error;
}

SYSCALL3(readahead, int, fd, long, offset, size_t, count)
{
    struct file *file = fd_get(fd);
    long error = 0;

    (void)offset;
    if (!file)
        return -EBADF;
    if (!file_is_readable(file))
        error = -EBADF;
    else if (!file->node || !S_ISREG(file->node->mode) || (long)count < 0)
        error = -EINVAL;
    file_put(file);
    return error;
}
