// SPDX-License-Identifier: MIT
/*
 * What is told about nodes and files, and the calls that programs use most for it: fstat and
 * newfstatat.
 */
#include "fs/more/node_more.h"
#include "fs/more/status.h"

#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/magic.h>

#include "arch/cpu/types.h"
#include "arch/device/clock.h"
#include "arch/mmu/usercopy.h"
#include "fs/node/path.h"
#include "fs/open/open.h"
#include "kernel/call/syscall.h"
#include "kernel/file/file.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"

#define SECOND ((file_time_t)NS_PER_SECOND)

const struct file_system nameless_file_system = {.magic = PIPEFS_MAGIC};

static void set_time(file_time_t time, unsigned long *seconds, unsigned long *nanoseconds)
{
    long rest = time % SECOND;

    if (rest < 0)
        rest += SECOND;
    *seconds = (time - rest) / SECOND;
    *nanoseconds = rest;
}

void node_status(struct node *node, struct stat *status)
{
    memset(status, 0, sizeof(*status));
    status->st_dev = node->file_system->device;
    status->st_ino = node->inode;
    status->st_nlink = node->links;
    status->st_mode = node->mode;
    status->st_uid = node->user;
    status->st_gid = node->group;
    status->st_rdev = node->device;
    status->st_blksize = PAGE_SIZE;
    set_time(node->accessed, &status->st_atime, &status->st_atime_nsec);
    set_time(node->modified, &status->st_mtime, &status->st_mtime_nsec);
    set_time(node->changed, &status->st_ctime, &status->st_ctime_nsec);
    if (node_more(node)->status)
        node_more(node)->status(node, status);
}

int file_status(struct file *file, struct stat *status)
{
    if (file->operations->status)
        return file->operations->status(file, status);
    node_status(file->node, status);
    return 0;
}

/* Returns -EBADF where no file is open, or what file_status() returns. */
static long status_of_fd(int fd, struct stat *status)
{
    struct file *file = fd_get_any(fd);
    long error;

    if (!file)
        return -EBADF;
    error = file_status(file, status);
    file_put(file);
    return error;
}

/* Of the working directory too. */
static long status_of_descriptor(int fd, struct stat *status)
{
    struct node *node;

    if (fd != AT_FDCWD)
        return status_of_fd(fd, status);
    path_base(fd, "", &node);
    node_status(node, status);
    node_put(node);
    return 0;
}

long path_status(int fd, uintptr_t user_path, unsigned int flags, struct stat *status)
{
    enum path_flags how = flags & AT_SYMLINK_NOFOLLOW ? PATH_NO_FOLLOW : PATH_FOLLOW;
    struct node *node;
    char *path;
    long error;

    if (!user_path && (flags & AT_EMPTY_PATH)) /* as since Linux 6.11 */
        return status_of_descriptor(fd, status);
    error = path_from_user(user_path, flags & AT_EMPTY_PATH ? PATH_USER_EMPTY : PATH_USER_NOT_EMPTY,
                           &path);
    if (error)
        return error;
    if (!*path) {
        kfree(path);
        return status_of_descriptor(fd, status);
    }
    error = path_lookup_at(fd, path, how, &node);
    if (!error) {
        node_status(node, status);
        node_put(node);
    }
    kfree(path);
    return error;
}

long status_put(uintptr_t address, const struct stat *status)
{
    return copy_to_user(address, status, sizeof(*status)) ? -EFAULT : 0;
}

SYSCALL2(fstat, int, fd, uintptr_t, address)
{
    struct stat status;
    long error = status_of_fd(fd, &status);

    return error ? error : status_put(address, &status);
}

SYSCALL4(newfstatat, int, fd, uintptr_t, path, uintptr_t, address, unsigned int, flags)
{
    struct stat status;
    long error;

    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))
        return -EINVAL;
    error = path_status(fd, path, flags, &status);
    return error ? error : status_put(address, &status);
}
