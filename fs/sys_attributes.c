// SPDX-License-Identifier: MIT
/*
 * System calls that change what a file is rather than what it is called: size, mode, times,
 * owner. There is one user, root, so it matters to nobody who owns a file; and no disk, so nothing
 * needs to be synchronised.
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fadvise.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/time_types.h>

#include "arch/usercopy.h"
#include "fs/open.h"
#include "fs/path.h"
#include "fs/size_limit.h"
#include "kernel/file.h"
#include "kernel/syscall.h"

#define NANOSECONDS 1000000000l

/* Of times in utimensat(): <linux/stat.h> of uapi has neither. */
#define UTIME_NOW  ((1l << 30) - 1)
#define UTIME_OMIT ((1l << 30) - 2)

/* ---- Size ----------------------------------------------------------------------------------- */

static long resize(struct node *node, long size)
{
    struct stat status;

    if (node_is_directory(node))
        return -EISDIR;
    if (!S_ISREG(node->mode) || !node->operations->resize)
        return -EINVAL;
    node_status(node, &status);
    if (size > status.st_size && (uint64_t)size > size_limit())
        return size_limit_exceeded();
    return node->operations->resize(node, size);
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

    if (mode & FALLOC_FL_PUNCH_HOLE)
        return node->operations->zero(node, start, end);
    node_status(node, &status);
    if ((mode & FALLOC_FL_KEEP_SIZE) || (uint64_t)status.st_size >= end)
        return node->operations->allocate(node, start, end);
    if (end > size_limit())
        return size_limit_exceeded();
    error = node->operations->allocate(node, start, end);
    return error ? error : node->operations->resize(node, end);
}

static long check_allocation(const struct file *file, unsigned int mode)
{
    if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE) || mode == FALLOC_FL_PUNCH_HOLE)
        return -EOPNOTSUPP;
    if (!file_is_writable(file))
        return -EBADF;
    if (!file->node)
        return -ESPIPE;
    if (!S_ISREG(file->node->mode))
        return S_ISFIFO(file->node->mode) ? -ESPIPE : -ENODEV;
    return file->node->operations->allocate ? 0 : -EOPNOTSUPP;
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
    if (!error)
        error = allocate(file->node, mode, start, start + length);
    file_put(file);
    return error;
}

/* ---- Mode ----------------------------------------------------------------------------------- */

static void set_mode(struct node *node, uint32_t mode)
{
    node->mode = (node->mode & S_IFMT) | (mode & 07777);
    node->changed = file_time_now();
}

static long change_mode_at(int fd, uintptr_t path, uint32_t mode)
{
    struct node *node;
    long error = path_lookup_user(fd, path, PATH_FOLLOW, &node);

    if (error)
        return error;
    set_mode(node, mode);
    node_put(node);
    return 0;
}

SYSCALL2(chmod, uintptr_t, path, uint32_t, mode)
{
    return change_mode_at(AT_FDCWD, path, mode);
}

SYSCALL3(fchmodat, int, fd, uintptr_t, path, uint32_t, mode)
{
    return change_mode_at(fd, path, mode);
}

SYSCALL2(fchmod, int, fd, uint32_t, mode)
{
    struct file *file = fd_get(fd);

    if (!file)
        return -EBADF;
    if (file->node)
        set_mode(file->node, mode);
    file_put(file);
    return 0;
}

/* ---- Owner ---------------------------------------------------------------------------------- */

#define SAME ((uint32_t)-1) /* leaves a user or group as it is */

/* A file that changes hands no longer runs as its owner. */
static void set_owner(struct node *node, uint32_t user, uint32_t group)
{
    if (user != SAME)
        node->user = user;
    if (group != SAME)
        node->group = group;
    if (!node_is_directory(node)) {
        node->mode &= ~S_ISUID;
        if (node->mode & S_IXGRP)
            node->mode &= ~S_ISGID;
    }
    node->changed = file_time_now();
}

static long change_owner_at(int fd, uintptr_t path, enum path_flags flags, uint32_t user,
                            uint32_t group)
{
    struct node *node;
    long error = path_lookup_user(fd, path, flags, &node);

    if (error)
        return error;
    set_owner(node, user, group);
    node_put(node);
    return 0;
}

SYSCALL3(chown, uintptr_t, path, uint32_t, user, uint32_t, group)
{
    return change_owner_at(AT_FDCWD, path, PATH_FOLLOW, user, group);
}

SYSCALL3(lchown, uintptr_t, path, uint32_t, user, uint32_t, group)
{
    return change_owner_at(AT_FDCWD, path, PATH_NO_FOLLOW, user, group);
}

SYSCALL3(fchown, int, fd, uint32_t, user, uint32_t, group)
{
    struct file *file = fd_get(fd);

    if (!file)
        return -EBADF;
    if (file->node)
        set_owner(file->node, user, group);
    file_put(file);
    return 0;
}

SYSCALL5(fchownat, int, fd, uintptr_t, path, uint32_t, user, uint32_t, group, unsigned int, flags)
{
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    return change_owner_at(fd, path, flags & AT_SYMLINK_NOFOLLOW ? PATH_NO_FOLLOW : PATH_FOLLOW,
                           user, group);
}

/* ---- Times ---------------------------------------------------------------------------------- */

static bool is_time_valid(const struct __kernel_timespec *time)
{
    return time->tv_nsec == UTIME_NOW || time->tv_nsec == UTIME_OMIT ||
           (time->tv_nsec >= 0 && time->tv_nsec < NANOSECONDS);
}

static void set_time(file_time_t *field, const struct __kernel_timespec *time)
{
    if (time->tv_nsec == UTIME_NOW)
        *field = file_time_now();
    else if (time->tv_nsec != UTIME_OMIT)
        *field = time->tv_sec * NANOSECONDS + time->tv_nsec;
}

/* The node that utimensat() means: the descriptor's own when there is no path. */
static long node_of_times(int fd, uintptr_t path, unsigned int flags, struct node **node)
{
    struct file *file;

    if (path)
        return path_lookup_user(fd, path,
                                flags & AT_SYMLINK_NOFOLLOW ? PATH_NO_FOLLOW : PATH_FOLLOW, node);
    file = fd_get(fd);
    if (!file)
        return -EBADF;
    *node = file->node;
    if (*node)
        node_get(*node);
    file_put(file);
    return *node ? 0 : -EINVAL;
}

SYSCALL4(utimensat, int, fd, uintptr_t, path, uintptr_t, user_times, unsigned int, flags)
{
    struct __kernel_timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};
    struct node *node;
    long error;

    if (user_times && copy_from_user(times, user_times, sizeof(times)))
        return -EFAULT;
    if (times[0].tv_nsec == UTIME_OMIT && times[1].tv_nsec == UTIME_OMIT)
        return 0;
    if (!is_time_valid(&times[0]) || !is_time_valid(&times[1]))
        return -EINVAL;
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    error = node_of_times(fd, path, flags, &node);
    if (error)
        return error;
    set_time(&node->accessed, &times[0]);
    set_time(&node->modified, &times[1]);
    node->changed = file_time_now();
    node_put(node);
    return 0;
}

/* ---- Synchronising -------------------------------------------------------------------------- */

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

/* Pipes and the like have nothing to write out. */
static long check_synchronised(int fd)
{
    struct file *file = fd_get(fd);
    long error;

    if (!file)
        return -EBADF;
    error = file->node && !S_ISFIFO(file->node->mode) ? 0 : -EINVAL;
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
