// SPDX-License-Identifier: MIT
/*
 * System calls about descriptors: open, close, dup, fcntl, ioctl, umask.
 */
#include <asm/errno.h>
#include <asm/ioctls.h>
#include <linux/close_range.h>
#include <linux/fcntl.h>

#include "arch/usercopy.h"
#include "fs/open.h"
#include "fs/path.h"
#include "fs/pipe.h"
#include "fs/sys_lock.h"
#include "kernel/file.h"
#include "kernel/fs_context.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "mm/slab.h"

/* What F_SETFL may change. */
#define CHANGEABLE_FLAGS (O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME)

/* Installs a file, whose reference it takes over, at the lowest free descriptor. */
static long install(struct file *file, bool close_on_exec)
{
    int fd = file_table_add(current()->files, file, 0, close_on_exec);

    if (fd < 0)
        file_put(file);
    return fd;
}

static long open_at(int directory, uintptr_t user_path, unsigned int flags, uint32_t mode)
{
    struct node *base = NULL;
    struct file *file = NULL;
    char *path;
    long result;

    /* Neither can be meant: open() makes no directories. */
    if (!(flags & O_PATH) && (flags & O_CREAT) && (flags & O_DIRECTORY))
        return -EINVAL;
    if (!(flags & O_PATH) && (flags & __O_TMPFILE) &&
        ((flags & O_TMPFILE) != O_TMPFILE || !(flags & O_ACCMODE)))
        return -EINVAL;
    result = path_from_user(user_path, PATH_USER_NOT_EMPTY, &path);
    if (result)
        return result;
    result = path_base(directory, path, &base);
    if (!result)
        result = open_path(base, path, flags | O_LARGEFILE, mode & ~current()->fs->umask, &file);
    node_put(base);
    kfree(path);
    return result ? result : install(file, flags & O_CLOEXEC);
}

SYSCALL3(open, uintptr_t, path, unsigned int, flags, uint32_t, mode)
{
    return open_at(AT_FDCWD, path, flags, mode);
}

SYSCALL4(openat, int, directory, uintptr_t, path, unsigned int, flags, uint32_t, mode)
{
    return open_at(directory, path, flags, mode);
}

SYSCALL2(creat, uintptr_t, path, uint32_t, mode)
{
    return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

SYSCALL1(close, int, fd)
{
    return file_table_close(current()->files, fd);
}

SYSCALL3(close_range, unsigned int, first, unsigned int, last, unsigned int, flags)
{
    struct file_table *files = current()->files;

    if ((flags & ~CLOSE_RANGE_CLOEXEC) || first > last)
        return -EINVAL;
    for (unsigned int fd = first; fd <= last && fd < FILES_MAX; fd++) {
        if (flags & CLOSE_RANGE_CLOEXEC)
            file_table_set_flag(files, fd, true);
        else
            file_table_close(files, fd);
    }
    return 0;
}

/* A second descriptor for a file: the lowest free one from lowest on. */
static long duplicate(int fd, int lowest, bool close_on_exec)
{
    struct file *file = fd_get_any(fd);
    int result;

    if (!file)
        return -EBADF;
    result = file_table_add(current()->files, file, lowest, close_on_exec);
    if (result < 0)
        file_put(file);
    return result;
}

/* The same, at exactly this descriptor. */
static long duplicate_to(int old_fd, int new_fd, bool close_on_exec)
{
    struct file *file = fd_get_any(old_fd);
    int result;

    if (!file)
        return -EBADF;
    if (new_fd >= descriptor_limit()) {
        file_put(file);
        return -EBADF;
    }
    result = file_table_set(current()->files, new_fd, file, close_on_exec);
    if (result < 0)
        file_put(file);
    return result;
}

SYSCALL1(dup, int, fd)
{
    return duplicate(fd, 0, false);
}

SYSCALL2(dup2, int, old_fd, int, new_fd)
{
    struct file *file;

    if (old_fd != new_fd)
        return duplicate_to(old_fd, new_fd, false);
    file = fd_get_any(old_fd);
    if (!file)
        return -EBADF;
    file_put(file);
    return new_fd;
}

SYSCALL3(dup3, int, old_fd, int, new_fd, unsigned int, flags)
{
    if ((flags & ~O_CLOEXEC) || old_fd == new_fd)
        return -EINVAL;
    return duplicate_to(old_fd, new_fd, flags & O_CLOEXEC);
}

static long set_file_flags(struct file *file, unsigned int flags)
{
    file->flags = (file->flags & ~CHANGEABLE_FLAGS) | (flags & CHANGEABLE_FLAGS);
    return 0;
}

static bool is_about_locks(unsigned int command)
{
    return command == F_GETLK || command == F_SETLK || command == F_SETLKW ||
           command == F_OFD_GETLK || command == F_OFD_SETLK || command == F_OFD_SETLKW;
}

/* Commands that look at the file and not at the descriptor. */
static long control_file(int fd, unsigned int command, uint64_t argument)
{
    struct file *file = command == F_GETFL ? fd_get_any(fd) : fd_get(fd);
    long result = -EINVAL;

    if (!file)
        return -EBADF;
    if (command == F_GETFL)
        result = file->flags;
    else if (command == F_SETFL)
        result = set_file_flags(file, argument);
    else if (command == F_GETPIPE_SZ)
        result = file_is_pipe(file) ? PIPE_CAPACITY : -EBADF;
    else if (is_about_locks(command))
        result = control_locks(file, command, argument);
    file_put(file);
    return result;
}

SYSCALL3(fcntl, int, fd, unsigned int, command, uint64_t, argument)
{
    switch (command) {
    case F_DUPFD:
        return duplicate(fd, argument < FILES_MAX ? (int)argument : FILES_MAX, false);
    case F_DUPFD_CLOEXEC:
        return duplicate(fd, argument < FILES_MAX ? (int)argument : FILES_MAX, true);
    case F_GETFD:
        return file_table_get_flag(current()->files, fd);
    case F_SETFD:
        return file_table_set_flag(current()->files, fd, argument & FD_CLOEXEC);
    default:
        return control_file(fd, command, argument);
    }
}

static long set_flag_by_ioctl(struct file *file, unsigned int flag, uintptr_t argument)
{
    int on;

    if (copy_from_user(&on, argument, sizeof(on)))
        return -EFAULT;
    file->flags = on ? file->flags | flag : file->flags & ~flag;
    return 0;
}

/* FIONREAD of a regular file: what is left to read. */
static long readable_bytes(struct file *file, uintptr_t argument)
{
    struct stat status;
    int left;

    if (file_status(file, &status) || !S_ISREG(status.st_mode))
        return -ENOTTY;
    left = status.st_size - file->offset;
    return copy_to_user(argument, &left, sizeof(left)) ? -EFAULT : 0;
}

static long control(struct file *file, int fd, unsigned int request, uintptr_t argument)
{
    switch (request) {
    case FIOCLEX:
        return file_table_set_flag(current()->files, fd, true);
    case FIONCLEX:
        return file_table_set_flag(current()->files, fd, false);
    case FIONBIO:
        return set_flag_by_ioctl(file, O_NONBLOCK, argument);
    default:
        if (file->operations->ioctl)
            return file->operations->ioctl(file, request, argument);
        return request == FIONREAD ? readable_bytes(file, argument) : -ENOTTY;
    }
}

SYSCALL3(ioctl, int, fd, unsigned int, request, uintptr_t, argument)
{
    struct file *file = fd_get(fd);
    long result;

    if (!file)
        return -EBADF;
    result = control(file, fd, request, argument);
    file_put(file);
    return result;
}

SYSCALL1(umask, unsigned int, mask)
{
    return __atomic_exchange_n(&current()->fs->umask, mask & 0777, __ATOMIC_RELAXED);
}
