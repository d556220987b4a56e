// SPDX-License-Identifier: MIT
/*
 * System calls about descriptors: open, close, dup, fcntl, ioctl, umask.
 */
#include <asm/errno.h>
#include <asm/ioctls.h>
#include <linux/close_range.h>
#include <linux/fcntl.h>
#include <linux/openat2.h>

#include "arch/usercopy.h"
#include "fs/open.h"
#include "fs/path.h"
#include "fs/permission.h"
#include "fs/pipe.h"
#include "fs/seals.h"
#include "fs/sys_lock.h"
#include "kernel/file.h"
#include "kernel/fs_context.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/unshare.h"
#include "kernel/user_struct.h"
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

/* The flags that there are; with O_PATH nothing else counts. */
#define OPEN_FLAGS                                                                        \
    (O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC | \
     O_DSYNC | FASYNC | O_DIRECT | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME |   \
     O_CLOEXEC | O_PATH | __O_TMPFILE)
#define PATH_FLAGS (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

#define MODE_BITS 07777 /* permissions, and S_ISUID, S_ISGID and S_ISVTX */

#define RESOLVE_FLAGS                                                                  \
    (RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH | \
     RESOLVE_IN_ROOT | RESOLVE_CACHED)

/* Combinations that cannot be meant: open() makes no directories, for one. */
static long check_how(const struct open_how *how)
{
    if ((how->flags & ~(uint64_t)OPEN_FLAGS) || (how->resolve & ~(uint64_t)RESOLVE_FLAGS))
        return -EINVAL;
    if ((how->resolve & RESOLVE_BENEATH) && (how->resolve & RESOLVE_IN_ROOT))
        return -EINVAL;
    if (how->mode & (how->flags & (O_CREAT | __O_TMPFILE) ? ~(uint64_t)MODE_BITS : ~0ul))
        return -EINVAL;
    if ((how->flags & O_CREAT) && (how->flags & O_DIRECTORY))
        return -EINVAL;
    if ((how->flags & __O_TMPFILE) &&
        ((how->flags & O_TMPFILE) != O_TMPFILE || !(how->flags & O_ACCMODE)))
        return -EINVAL;
    if ((how->flags & O_PATH) && (how->flags & ~(uint64_t)PATH_FLAGS))
        return -EINVAL;
    /* Everything is in memory, but what makes or changes a file is never answered so. */
    if ((how->resolve & RESOLVE_CACHED) && (how->flags & (O_TRUNC | O_CREAT | __O_TMPFILE)))
        return -EAGAIN;
    return 0;
}

static long open_at(int directory, uintptr_t user_path, struct open_how *how)
{
    struct node *base = NULL;
    struct file *file = NULL;
    char *path;
    long result = check_how(how);

    if (result)
        return result;
    result = path_from_user(user_path, PATH_USER_NOT_EMPTY, &path);
    if (result)
        return result;
    how->mode &= ~(uint64_t)current()->fs->umask;
    if (!(how->flags & O_PATH))
        how->flags |= O_LARGEFILE;
    result = path_base(directory, how->resolve & RESOLVE_IN_ROOT ? "." : path, &base);
    if (!result)
        result = open_path(base, path, how, &file);
    node_put(base);
    kfree(path);
    return result ? result : install(file, how->flags & O_CLOEXEC);
}

/* The older calls take what does not belong there and pass over it. */
static long open_tolerantly(int directory, uintptr_t path, unsigned int flags, uint32_t mode)
{
    struct open_how how = {.flags = flags & OPEN_FLAGS};

    if (flags & O_PATH)
        how.flags &= PATH_FLAGS;
    if (how.flags & (O_CREAT | __O_TMPFILE))
        how.mode = mode & MODE_BITS;
    return open_at(directory, path, &how);
}

SYSCALL3(open, uintptr_t, path, unsigned int, flags, uint32_t, mode)
{
    return open_tolerantly(AT_FDCWD, path, flags, mode);
}

SYSCALL4(openat, int, directory, uintptr_t, path, unsigned int, flags, uint32_t, mode)
{
    return open_tolerantly(directory, path, flags, mode);
}

SYSCALL2(creat, uintptr_t, path, uint32_t, mode)
{
    return open_tolerantly(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

SYSCALL4(openat2, int, directory, uintptr_t, path, uintptr_t, user_how, size_t, size)
{
    struct open_how how;
    int error = user_struct_read(&how, sizeof(how), sizeof(how), user_how, size);

    return error ? error : open_at(directory, path, &how);
}

SYSCALL1(close, int, fd)
{
    return file_table_close(current()->files, fd);
}

SYSCALL3(close_range, unsigned int, first, unsigned int, last, unsigned int, flags)
{
    if ((flags & ~(CLOSE_RANGE_CLOEXEC | CLOSE_RANGE_UNSHARE)) || first > last)
        return -EINVAL;
    int error = flags & CLOSE_RANGE_UNSHARE ? unshare_files() : 0;
    if (error)
        return error;
    struct file_table *files = current()->files;
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
    unsigned int added = flags & ~file->flags;

    if ((added & O_NOATIME) && file->node && !node_is_own(file->node))
        return -EPERM;
    if ((added & O_DIRECT) && !file_is_pipe(file) && !file_is_stored(file))
        return -EINVAL;
    file->flags = (file->flags & ~CHANGEABLE_FLAGS) | (flags & CHANGEABLE_FLAGS);
    return 0;
}

static bool is_about_locks(unsigned int command)
{
    return command == F_GETLK || command == F_SETLK || command == F_SETLKW ||
           command == F_OFD_GETLK || command == F_OFD_SETLK || command == F_OFD_SETLKW;
}

/* Whom SIGIO goes to: nobody, as nothing sends it. */
static long tell_owner(uintptr_t argument)
{
    static const struct f_owner_ex nobody = {.type = F_OWNER_PID};

    return copy_to_user(argument, &nobody, sizeof(nobody)) ? -EFAULT : 0;
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
        result = file_is_pipe(file) ? (long)pipe_size(file) : -EBADF;
    else if (command == F_SETPIPE_SZ)
        result = file_is_pipe(file) ? pipe_set_size(file, argument) : -EBADF;
    else if (command == F_GET_SEALS)
        result = seals_get(file);
    else if (command == F_ADD_SEALS)
        result = seals_add(file, argument);
    else if (command == F_GETOWN_EX)
        result = tell_owner(argument);
    else if (command == F_GETOWN || command == F_GETSIG)
        result = 0;
    else if (command == F_GETLEASE)
        result = F_UNLCK;
    else if (is_about_locks(command))
        result = control_locks(file, fd, command, argument);
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
    if (flag == FASYNC) /* nothing sends SIGIO */
        return !on == !(file->flags & FASYNC) ? 0 : -ENOTTY;
    file->flags = on ? file->flags | flag : file->flags & ~flag;
    return 0;
}

/* FIONREAD of a regular file: what is left to read. */
static long readable_bytes(struct file *file, uintptr_t argument)
{
    struct stat status;

    if (file_status(file, &status) || !S_ISREG(status.st_mode))
        return -ENOTTY;
    return put_user_int(argument, (int)(status.st_size - file->offset));
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
    case FIOASYNC:
        return set_flag_by_ioctl(file, FASYNC, argument);
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
