// SPDX-License-Identifier: MIT
/*
 * System calls about locks on files: flock, and fcntl's commands for locks.
 */
#include "fs/sys_lock.h"

#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

#include "arch/usercopy.h"
#include "fs/open.h"
#include "kernel/file.h"
#include "kernel/file_lock.h"
#include "kernel/syscall.h"
#include "kernel/task.h"

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

static int read_request(struct file *file, unsigned int command, uintptr_t argument,
                        struct flock *user, struct file_lock *request)
{
    bool of_open_file = is_of_open_file(command);

    if (copy_from_user(user, argument, sizeof(*user)))
        return -EFAULT;
    if (user->l_type != F_RDLCK && user->l_type != F_WRLCK && user->l_type != F_UNLCK)
        return -EINVAL;
    if (of_open_file && user->l_pid)
        return -EINVAL;
    *request = (struct file_lock){
        .owner = of_open_file ? (const void *)file : current()->files,
        .pid = of_open_file ? -1 : current_process()->pid,
        .type = user->l_type,
    };
    return lock_range(file, user, request);
}

static long get_lock(struct file *file, unsigned int command, uintptr_t argument)
{
    const struct file_lock *conflict;
    struct file_lock request;
    struct flock user;
    int error = read_request(file, command, argument, &user, &request);

    if (error)
        return error;
    if (user.l_type == F_UNLCK && command == F_GETLK)
        return -EINVAL;
    conflict = file_lock_conflict(file->locks, &request);
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

static long set_lock(struct file *file, unsigned int command, uintptr_t argument)
{
    struct file_lock request;
    struct flock user;
    int error = read_request(file, command, argument, &user, &request);

    if (error)
        return error;
    if ((user.l_type == F_RDLCK && !file_is_readable(file)) ||
        (user.l_type == F_WRLCK && !file_is_writable(file)))
        return -EBADF;
    return file_lock_set(file->locks, &request, command == F_SETLKW || command == F_OFD_SETLKW);
}

long control_locks(struct file *file, unsigned int command, uintptr_t argument)
{
    if (command == F_GETLK || command == F_OFD_GETLK)
        return get_lock(file, command, argument);
    return set_lock(file, command, argument);
}

static long lock_whole(struct file *file, unsigned int operation)
{
    struct file_lock request = {
        .owner = file, .pid = -1, .type = F_UNLCK, .whole = true, .end = FILE_LOCK_END};

    /* A change from one type to the other lets go first, and may lose to somebody else. */
    file_lock_set(file->locks, &request, false);
    if (operation == LOCK_UN)
        return 0;
    request.type = (operation & ~LOCK_NB) == LOCK_EX ? F_WRLCK : F_RDLCK;
    return file_lock_set(file->locks, &request, !(operation & LOCK_NB));
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
