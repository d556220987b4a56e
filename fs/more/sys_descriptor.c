// SPDX-License-Identifier: MIT
/*
 * System calls about descriptors: dup, fcntl.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "fs/more/async.h"
#include "fs/more/descriptor.h"
#include "fs/more/events.h"
#include "fs/node/node.h"
#include "fs/open/open.h"
#include "kernel/call/syscall.h"
#include "kernel/file/file.h"
#include "kernel/task/task.h"

/* What F_SETFL may change. */
#define CHANGEABLE_FLAGS (O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME)

/* A second descriptor for a file: the lowest free one from lowest on. */
static long duplicate(int fd, int lowest, bool close_on_exec)
{
    struct file *file = fd_get_any(fd);

    return file ? file_table_add(current()->files, file, lowest, close_on_exec) : -EBADF;
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

    if ((added & O_NOATIME) && file->node && node_permission(file->node, MAY_HIDE))
        return -EPERM;
    if ((added & O_DIRECT) && !file->operations->may_be_direct && !file_is_stored(file))
        return -EINVAL;
    async_set(file, flags & FASYNC); /* which not all files have */
    file->flags = (file->flags & ~CHANGEABLE_FLAGS) | (flags & CHANGEABLE_FLAGS);
    return 0;
}

static long command_file(const struct file_command *command)
{
    long result;

    switch (command->number) {
    case F_GETFL:
        return command->file->flags;
    case F_SETFL:
        return set_file_flags(command->file, command->argument);
    default:
        return ASK(file_is_commanded, command, &result) ? result : -EINVAL;
    }
}

/* Commands that look at the file and not at the descriptor. */
static long control_file(int fd, unsigned int number, uint64_t argument)
{
    struct file_command command = {
        .file = number == F_GETFL ? fd_get_any(fd) : fd_get(fd),
        .fd = fd,
        .number = number,
        .argument = argument,
    };
    long result;

    if (!command.file)
        return -EBADF;
    result = command_file(&command);
    file_put(command.file);
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
