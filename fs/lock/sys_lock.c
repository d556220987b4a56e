// SPDX-License-Identifier: MIT
/*
 * System calls about locks on files: flock, and fcntl's commands for locks.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

#include "arch/mmu/usercopy.h"
#include "fs/lock/file_lock.h"
#include "fs/more/events.h"
#include "fs/more/status.h"
#include "fs/open/open.h"
#include "kernel/call/syscall.h"
#include "kernel/file/file.h"
#include "kernel/task/task.h"

/* The first and last byte that a struct flock means: -EINVAL, -EOVERFLOW. */
static int lock_range(struct file *file, const struct flock *user, struct file_lock *lock)
{
    struct stat status;
    int64_t start = user->l_start, end, base = 0;

    if (user->l_whence == SEEK_CUR)
        base = file->offset;
    else if (user->l_whence == SEEK_END)
        base = file_status(file, &status) ? 0 : status.st_size;
    else if (user->l_whence != SEEK_SET)
        return -EINVAL;
    if (__builtin_add_overflow(start, base, &start))
        return -EOVERFLOW;
    if (start < 0)
        return -EINVAL;
    if (user->l_len == 0) {
        end = FILE_LOCK_END;
    } else if (user->l_len > 0) {
        if (__builtin_add_overflow(start, user->l_len - 1, &end))
            return -EOVERFLOW;
    } else {
        end = start - 1;
        if (__builtin_add_overflow(start, user->l_len, &start) || start < 0)
            return -EINVAL;
    }
    lock->start = start;
    lock->end = end;
    return 0;
}

static bool is_of_open_file(unsigned int command)
{
    return command == F_OFD_GETLK || command == F_OFD_SETLK || command == F_OFD_SETLKW;
}

/* What the request says: -EINVAL, -EOVERFLOW. */
static int read_request(struct file *file, unsigned int command, const struct flock *user,
                        struct file_lock *request)
{
    bool of_open_file = is_of_open_file(command);
    int error;

    *request = (struct file_lock){
        .owner = of_open_file ? (const void *)file : current()->files,
        .pid = of_open_file ? FILE_LOCK_NO_PID : current_process()->pid,
        .type = user->l_type,
    };
    error = lock_range(file, user, request);
    if (error)
        return error;
    return user->l_type == F_RDLCK || user->l_type == F_WRLCK || user->l_type == F_UNLCK ? 0
                                                                                         : -EINVAL;
}

/* A lock of an open file is no process's, and who asks for one says so. */
static int check_pid(unsigned int command, const struct flock *user)
{
    return is_of_open_file(command) && user->l_pid ? -EINVAL : 0;
}

static long get_lock(struct file *file, unsigned int command, uintptr_t argument)
{
    const struct file_lock *conflict;
    struct file_lock request;
    struct flock user;
    int error;

    if (copy_from_user(&user, argument, sizeof(user)))
        return -EFAULT;
    if (command == F_GETLK && user.l_type != F_RDLCK && user.l_type != F_WRLCK)
        return -EINVAL;
    error = read_request(file, command, &user, &request);
    if (!error)
        error = check_pid(command, &user);
    if (error)
        return error;
    conflict = file_lock_conflict(file_locks(file), &request);
    if (conflict) {
        user.l_type = conflict->type;
        user.l_whence = SEEK_SET;
        user.l_start = conflict->start;
        user.l_len = conflict->end == FILE_LOCK_END ? 0 : conflict->end - conflict->start + 1;
        user.l_pid = conflict->pid;
    } else {
        user.l_type = F_UNLCK;
    }
    return copy_to_user(argument, &user, sizeof(user)) ? -EFAULT : 0;
}

static int check_mode(const struct file *file, int type)
{
    if ((type == F_RDLCK && !file_is_readable(file)) ||
        (type == F_WRLCK && !file_is_writable(file)))
        return -EBADF;
    return 0;
}

/*
 * Another thread may have closed the descriptor while this one waited. The close took the locks
 * that there were, and nobody would take the one that came after it: it goes here, with any others
 * that have come since, as all go by any close.
 */
static int check_still_open(int fd, struct file *file)
{
    struct file *now = file_table_get(current()->files, fd);

    if (now)
        file_put(now);
    if (now == file)
        return 0;
    file_lock_remove_owner(file_locks(file), current()->files);
    return -EBADF;
}

static long set_lock(struct file *file, int fd, unsigned int command, uintptr_t argument)
{
    struct file_lock request;
    struct flock user;
    int error;

    if (copy_from_user(&user, argument, sizeof(user)))
        return -EFAULT;
    error = read_request(file, command, &user, &request);
    if (!error)
        error = check_mode(file, user.l_type);
    if (!error)
        error = check_pid(command, &user);
    if (!error)
        error = file_lock_set(file_locks(file), &request,
                              command == F_SETLKW || command == F_OFD_SETLKW);
    if (!error && user.l_type != F_UNLCK && !is_of_open_file(command))
        error = check_still_open(fd, file);
    return error;
}

static int command(const struct file_command *command, long *result)
{
    switch (command->number) {
    case F_GETLK:
    case F_OFD_GETLK:
        *result = get_lock(command->file, command->number, command->argument);
        return 1;
    case F_SETLK:
    case F_SETLKW:
    case F_OFD_SETLK:
    case F_OFD_SETLKW:
        *result = set_lock(command->file, command->fd, command->number, command->argument);
        return 1;
    default:
        return 0;
    }
}
ATTACH(file_is_commanded, command);

static long lock_whole(struct file *file, unsigned int operation)
{
    struct file_lock request = {.owner = file,
                                .pid = FILE_LOCK_NO_PID,
                                .type = F_UNLCK,
                                .whole = true,
                                .end = FILE_LOCK_END};

    if (operation != LOCK_UN)
        request.type = (operation & ~LOCK_NB) == LOCK_EX ? F_WRLCK : F_RDLCK;
    return file_lock_set(file_locks(file), &request, !(operation & LOCK_NB));
}

SYSCALL2(flock, int, fd, unsigned int, operation)
{
    struct file *file;
    unsigned int what = operation & ~LOCK_NB;
    long result;

    if (what != LOCK_SH && what != LOCK_EX && what != LOCK_UN)
        return -EINVAL;
    file = fd_get(fd);
    if (!file)
        return -EBADF;
    result = lock_whole(file, what == LOCK_UN ? LOCK_UN : operation);
    file_put(file);
    return result;
}
