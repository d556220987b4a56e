// SPDX-License-Identifier: MIT
/*
 * What few programs do to descriptors: close_range, ioctl, and questions of fcntl() that have one
 * answer here.
 */
#include <asm/errno.h>
#include <asm/ioctls.h>
#include <linux/close_range.h>
#include <linux/fcntl.h>

#include "arch/mmu/usercopy.h"
#include "fs/more/async.h"
#include "fs/more/descriptor.h"
#include "fs/more/events.h"
#include "fs/more/status.h"
#include "fs/open/open.h"
#include "kernel/call/syscall.h"
#include "kernel/file/file.h"
#include "kernel/task/task.h"

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

static int answer(const struct file_command *command, long *result)
{
    switch (command->number) {
    case F_GETSIG:
        *result = 0;
        return 1;
    case F_GETLEASE:
        *result = F_UNLCK;
        return 1;
    default:
        return 0;
    }
}
ATTACH(file_is_commanded, answer);

static long set_flag_by_ioctl(struct file *file, unsigned int flag, uintptr_t argument)
{
    int on;

    if (copy_from_user(&on, argument, sizeof(on)))
        return -EFAULT;
    if (flag == FASYNC)
        return async_set(file, on);
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

/* Requests that any file has, which come before what its own operations know. */
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
