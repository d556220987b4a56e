// SPDX-License-Identifier: MIT
/*
 * System calls that change what a file is rather than what it is called or holds: mode, owner,
 * times.
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/time_types.h>
#include <linux/utime.h>

#include "arch/device/clock.h"
#include "arch/mmu/usercopy.h"
#include "fs/more/node_more.h"
#include "fs/more/node_times.h"
#include "fs/more/path_more.h"
#include "fs/more/seals.h"
#include "fs/node/node.h"
#include "fs/node/path.h"
#include "fs/open/open.h"
#include "kernel/call/permission.h"
#include "kernel/call/syscall.h"
#include "kernel/file/file.h"
#include "kernel/task/task.h"
#include "kernel/user/credentials.h"
#include "kernel/user/permission.h"

#define MICROSECONDS 1000000l

/* Of times in utimensat(): <linux/stat.h> of uapi has neither. */
#define UTIME_NOW  ((1l << 30) - 1)
#define UTIME_OMIT ((1l << 30) - 2)

/* How a path of these calls is looked up, by their flags. */
static enum path_flags path_flags_of(unsigned int flags)
{
    enum path_flags how = flags & AT_SYMLINK_NOFOLLOW ? PATH_NO_FOLLOW : PATH_FOLLOW;

    return flags & AT_EMPTY_PATH ? how | PATH_EMPTY : how;
}

/* ---- mode ---- */

/* Of a group that the owner is not in, S_ISGID cannot be had. */
static long set_mode(struct node *node, uint32_t mode)
{
    if (S_ISLNK(node->mode))
        return -EOPNOTSUPP;
    if (!node_is_own(node) || node_more(node)->has_fixed_mode)
        return -EPERM;
    if ((node->seals & F_SEAL_EXEC) && ((node->mode ^ mode) & 0111))
        return -EPERM;
    if (!task_is_in_group(node->group) && !task_may(CAP_FSETID))
        mode &= ~S_ISGID;
    node->mode = (node->mode & S_IFMT) | (mode & 07777);
    node->changed = file_time_now();
    return 0;
}

static long change_mode_at(int fd, uintptr_t path, uint32_t mode, unsigned int flags)
{
    struct node *node;
    long error;

    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    error = path_lookup_user(fd, path, path_flags_of(flags), &node);
    if (error)
        return error;
    error = set_mode(node, mode);
    node_put(node);
    return error;
}

SYSCALL2(chmod, uintptr_t, path, uint32_t, mode)
{
    return change_mode_at(AT_FDCWD, path, mode, 0);
}

SYSCALL3(fchmodat, int, fd, uintptr_t, path, uint32_t, mode)
{
    return change_mode_at(fd, path, mode, 0);
}

SYSCALL4(fchmodat2, int, fd, uintptr_t, path, uint32_t, mode, unsigned int, flags)
{
    return change_mode_at(fd, path, mode, flags);
}

SYSCALL2(fchmod, int, fd, uint32_t, mode)
{
    struct file *file = fd_get(fd);
    long error = 0;

    if (!file)
        return -EBADF;
    if (file->node)
        error = set_mode(file->node, mode);
    file_put(file);
    return error;
}

/* ---- owner ---- */

#define SAME           ((uint32_t)-1) /* leaves a user or group as it is */
#define SECOND         ((file_time_t)NS_PER_SECOND)
#define FILE_TIME_LAST (INT64_MAX / SECOND) /* seconds, some 292 years */

/* An owner may give a file to a group of his own, and nobody may give it to another user. */
static bool may_set_owner(const struct node *node, uint32_t user, uint32_t group)
{
    bool is_owner = credentials_of(current())->user.file == node->user;

    if (task_may(CAP_CHOWN))
        return true;
    if (user != SAME && !(is_owner && user == node->user))
        return false;
    return group == SAME || (is_owner && (group == node->group || task_is_in_group(group)));
}

/* A file that changes hands no longer runs as its owner. */
static long set_owner(struct node *node, uint32_t user, uint32_t group)
{
    uint32_t dropped = node_is_directory(node) ? 0 : set_id_bits(node);

    if (node_more(node)->has_fixed_mode)
        return -EPERM;
    if (!may_set_owner(node, user, group) || (dropped && !node_is_own(node)))
        return -EPERM;
    node->mode &= ~dropped;
    if (user != SAME)
        node->user = user;
    if (group != SAME)
        node->group = group;
    node->changed = file_time_now();
    return 0;
}

static long change_owner_at(int fd, uintptr_t path, enum path_flags flags, uint32_t user,
                            uint32_t group)
{
    struct node *node;
    long error = path_lookup_user(fd, path, flags, &node);

    if (error)
        return error;
    error = set_owner(node, user, group);
    node_put(node);
    return error;
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
    long error = 0;

    if (!file)
        return -EBADF;
    if (file->node)
        error = set_owner(file->node, user, group);
    file_put(file);
    return error;
}

SYSCALL5(fchownat, int, fd, uintptr_t, path, uint32_t, user, uint32_t, group, unsigned int, flags)
{
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    return change_owner_at(fd, path, path_flags_of(flags), user, group);
}

/* ---- times ---- */

static bool is_time_valid(const struct __kernel_timespec *time)
{
    return time->tv_nsec == UTIME_NOW || time->tv_nsec == UTIME_OMIT ||
           (uint64_t)time->tv_nsec < NS_PER_SECOND;
}

/*
 * A time as calls give it; one that does not fit becomes the first or the last whole second, as on
 * Linux's file systems that have a last second: utimensat() knows no error for it.
 */
static file_time_t file_time_of(int64_t seconds, int64_t nanoseconds)
{
    if (seconds >= FILE_TIME_LAST)
        return FILE_TIME_LAST * SECOND;
    if (seconds < -FILE_TIME_LAST)
        return -FILE_TIME_LAST * SECOND;
    return seconds * SECOND + nanoseconds;
}

static void set_time(file_time_t *field, const struct __kernel_timespec *time)
{
    if (time->tv_nsec == UTIME_NOW)
        *field = file_time_now();
    else if (time->tv_nsec != UTIME_OMIT)
        *field = file_time_of(time->tv_sec, time->tv_nsec);
}

/* The node that utimensat() means: the descriptor's own when there is no path. */
static long node_of_times(int fd, uintptr_t path, unsigned int flags, struct node **node)
{
    struct file *file;

    if (path || fd == AT_FDCWD)
        return path_lookup_user(fd, path, path_flags_of(flags), node);
    if (flags)
        return -EINVAL;
    file = fd_get(fd);
    if (!file)
        return -EBADF;
    *node = file->node;
    if (*node)
        node_get(*node);
    file_put(file);
    return *node ? 0 : -EINVAL;
}

/* Whoever may write a file may say that it was used now; any other time is its owner's to say. */
static long set_times(struct node *node, const struct __kernel_timespec times[2])
{
    bool is_now = times[0].tv_nsec == UTIME_NOW && times[1].tv_nsec == UTIME_NOW;

    if (!is_time_valid(&times[0]) || !is_time_valid(&times[1]))
        return -EINVAL;
    if (!node_is_own(node) && (!is_now || node_permission(node, MAY_WRITE)))
        return is_now ? -EACCES : -EPERM;
    set_time(&node->accessed, &times[0]);
    set_time(&node->modified, &times[1]);
    node->changed = file_time_now();
    return 0;
}

/* What no times mean. */
static const struct __kernel_timespec time_now = {.tv_nsec = UTIME_NOW};

static long change_times(int fd, uintptr_t path, const struct __kernel_timespec times[2],
                         unsigned int flags)
{
    struct node *node;
    long error = node_of_times(fd, path, flags, &node);

    if (error)
        return error;
    error = set_times(node, times);
    node_put(node);
    return error;
}

SYSCALL4(utimensat, int, fd, uintptr_t, path, uintptr_t, user_times, unsigned int, flags)
{
    struct __kernel_timespec times[2] = {time_now, time_now};

    if (user_times && copy_from_user(times, user_times, sizeof(times)))
        return -EFAULT;
    if (times[0].tv_nsec == UTIME_OMIT && times[1].tv_nsec == UTIME_OMIT)
        return 0;
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    return change_times(fd, path, times, flags);
}

/* The older calls' times are in microseconds. */
static long change_times_us(int fd, uintptr_t path, uintptr_t user_times)
{
    struct __kernel_timespec times[2] = {time_now, time_now};
    struct __kernel_old_timeval given[2];

    if (user_times && copy_from_user(given, user_times, sizeof(given)))
        return -EFAULT;
    for (unsigned int i = 0; user_times && i < 2; i++) {
        if (given[i].tv_usec < 0 || given[i].tv_usec >= MICROSECONDS)
            return -EINVAL;
        times[i].tv_sec = given[i].tv_sec;
        times[i].tv_nsec = given[i].tv_usec * (NS_PER_SECOND / MICROSECONDS);
    }
    return change_times(fd, path, times, 0);
}

SYSCALL3(futimesat, int, fd, uintptr_t, path, uintptr_t, user_times)
{
    return change_times_us(fd, path, user_times);
}

SYSCALL2(utimes, uintptr_t, path, uintptr_t, user_times)
{
    return change_times_us(AT_FDCWD, path, user_times);
}

SYSCALL2(utime, uintptr_t, path, uintptr_t, user_times)
{
    struct __kernel_timespec times[2] = {time_now, time_now};
    struct utimbuf given;

    if (user_times) {
        if (copy_from_user(&given, user_times, sizeof(given)))
            return -EFAULT;
        times[0] = (struct __kernel_timespec){.tv_sec = given.actime};
        times[1] = (struct __kernel_timespec){.tv_sec = given.modtime};
    }
    return change_times(AT_FDCWD, path, times, 0);
}
