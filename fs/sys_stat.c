// SPDX-License-Identifier: MIT
/*
 * System calls that tell about files: the stat family, statx, access, statfs.
 */
#include <asm/errno.h>
#include <asm/statfs.h>
#include <linux/fcntl.h>
#include <linux/magic.h>

#include "arch/types.h"
#include "arch/usercopy.h"
#include "fs/open.h"
#include "fs/path.h"
#include "fs/permission.h"
#include "fs/pseudo.h"
#include "fs/tmpfs.h"
#include "kernel/file.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "libc/include/string.h"
#include "mm/slab.h"

static long status_of_descriptor(int fd, struct stat *status)
{
    struct file *file;
    long error;

    if (fd == AT_FDCWD) {
        struct node *node;

        error = path_base(fd, "", &node);
        if (error)
            return error;
        node_status(node, status);
        node_put(node);
        return 0;
    }
    file = fd_get_any(fd);
    if (!file)
        return -EBADF;
    error = file_status(file, status);
    file_put(file);
    return error;
}

/* Of the file that a path leads to, or with AT_EMPTY_PATH and an empty path of the descriptor. */
static long status_at(int fd, uintptr_t user_path, unsigned int flags, struct stat *status)
{
    enum path_flags how = flags & AT_SYMLINK_NOFOLLOW ? PATH_NO_FOLLOW : PATH_FOLLOW;
    struct node *base = NULL, *node;
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
    error = path_base(fd, path, &base);
    if (!error)
        error = path_lookup(base, path, how, &node);
    if (!error) {
        node_status(node, status);
        node_put(node);
    }
    node_put(base);
    kfree(path);
    return error;
}

static long put_status(uintptr_t address, const struct stat *status)
{
    return copy_to_user(address, status, sizeof(*status)) ? -EFAULT : 0;
}

SYSCALL2(stat, uintptr_t, path, uintptr_t, address)
{
    struct stat status;
    long error = status_at(AT_FDCWD, path, 0, &status);

    return error ? error : put_status(address, &status);
}

SYSCALL2(lstat, uintptr_t, path, uintptr_t, address)
{
    struct stat status;
    long error = status_at(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, &status);

    return error ? error : put_status(address, &status);
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

SYSCALL2(fstat, int, fd, uintptr_t, address)
{
    struct stat status;
    long error = status_of_fd(fd, &status);

    return error ? error : put_status(address, &status);
}

SYSCALL4(newfstatat, int, fd, uintptr_t, path, uintptr_t, address, unsigned int, flags)
{
    struct stat status;
    long error;

    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))
        return -EINVAL;
    error = status_at(fd, path, flags, &status);
    return error ? error : put_status(address, &status);
}

/* ---- statx ---- */

/* Device numbers as new_encode_dev() in Linux makes them. */
static uint32_t major_of(uint64_t device)
{
    return (device >> 8) & 0xfff;
}

static uint32_t minor_of(uint64_t device)
{
    return (device & 0xff) | ((device >> 12) & 0xfff00);
}

static struct statx_timestamp timestamp(unsigned long seconds, unsigned long nanoseconds)
{
    return (struct statx_timestamp){.tv_sec = seconds, .tv_nsec = nanoseconds};
}

static void fill_statx(const struct stat *status, struct statx *result)
{
    *result = (struct statx){
        .stx_mask = STATX_BASIC_STATS,
        .stx_blksize = status->st_blksize,
        .stx_nlink = status->st_nlink,
        .stx_uid = status->st_uid,
        .stx_gid = status->st_gid,
        .stx_mode = status->st_mode,
        .stx_ino = status->st_ino,
        .stx_size = status->st_size,
        .stx_blocks = status->st_blocks,
        .stx_atime = timestamp(status->st_atime, status->st_atime_nsec),
        .stx_ctime = timestamp(status->st_ctime, status->st_ctime_nsec),
        .stx_mtime = timestamp(status->st_mtime, status->st_mtime_nsec),
        .stx_rdev_major = major_of(status->st_rdev),
        .stx_rdev_minor = minor_of(status->st_rdev),
        .stx_dev_major = major_of(status->st_dev),
        .stx_dev_minor = minor_of(status->st_dev),
    };
}

SYSCALL5(statx, int, fd, uintptr_t, path, unsigned int, flags, unsigned int, mask, uintptr_t,
         address)
{
    struct stat status;
    struct statx result;
    long error;

    if ((mask & STATX__RESERVED) || (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
        return -EINVAL;
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))
        return -EINVAL;
    error = status_at(fd, path, flags, &status);
    if (error)
        return error;
    fill_statx(&status, &result);
    return copy_to_user(address, &result, sizeof(result)) ? -EFAULT : 0;
}

/* ---- access ---- */

/* The running task's credentials as access() asks for them: of the real user. */
static struct credentials real_credentials(void)
{
    struct credentials real = current()->credentials;

    real.user.file = real.user.real;
    real.group.file = real.group.real;
    real.capabilities.effective = real.user.real ? 0 : real.capabilities.permitted;
    return real;
}

static long access_at(int fd, uintptr_t path, unsigned int mode, unsigned int flags)
{
    const struct credentials own = current()->credentials;
    enum path_flags how = flags & AT_SYMLINK_NOFOLLOW ? PATH_NO_FOLLOW : PATH_FOLLOW;
    struct node *node;
    long error;

    if (mode & ~(MAY_READ | MAY_WRITE | MAY_EXECUTE))
        return -EINVAL;
    if (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    if (flags & AT_EMPTY_PATH)
        how |= PATH_EMPTY;
    /* The way to the file is the real user's, too. */
    if (!(flags & AT_EACCESS))
        current()->credentials = real_credentials();
    error = path_lookup_user(fd, path, how, &node);
    if (!error) {
        error = node_permission(node, mode);
        node_put(node);
    }
    current()->credentials = own;
    return error;
}

SYSCALL2(access, uintptr_t, path, unsigned int, mode)
{
    return access_at(AT_FDCWD, path, mode, 0);
}

SYSCALL3(faccessat, int, fd, uintptr_t, path, unsigned int, mode)
{
    return access_at(fd, path, mode, 0);
}

SYSCALL4(faccessat2, int, fd, uintptr_t, path, unsigned int, mode, unsigned int, flags)
{
    return access_at(fd, path, mode, flags);
}

/* ---- statfs ---- */

static long magic_of(uint64_t device)
{
    switch (device) {
    case 0: /* what has no node */
        return PIPEFS_MAGIC;
    case PSEUDO_PROC:
        return PROC_SUPER_MAGIC;
    case PSEUDO_SYS:
        return SYSFS_MAGIC;
    case PSEUDO_PTS:
        return DEVPTS_SUPER_MAGIC;
    default:
        return TMPFS_MAGIC;
    }
}

/* Only the tmpfs has blocks, and a memfd has no limit, which 0 stands for. */
static long put_statfs(uintptr_t address, uint64_t device)
{
    struct tmpfs_usage usage;
    struct statfs status;

    memset(&status, 0, sizeof(status));
    status.f_type = magic_of(device);
    status.f_bsize = PAGE_SIZE;
    status.f_frsize = PAGE_SIZE;
    status.f_namelen = NAME_MAX;
    if (device == TMPFS_DEVICE) {
        tmpfs_read_usage(&usage);
        status.f_blocks = usage.blocks;
        status.f_bfree = status.f_bavail = usage.blocks - usage.blocks_used;
        status.f_files = usage.nodes;
        status.f_ffree = usage.nodes - usage.nodes_used;
    }
    return copy_to_user(address, &status, sizeof(status)) ? -EFAULT : 0;
}

SYSCALL2(statfs, uintptr_t, path, uintptr_t, address)
{
    struct stat status;
    long error = status_at(AT_FDCWD, path, 0, &status);

    return error ? error : put_statfs(address, status.st_dev);
}

SYSCALL2(fstatfs, int, fd, uintptr_t, address)
{
    struct stat status;
    long error = status_of_fd(fd, &status);

    return error ? error : put_statfs(address, status.st_dev);
}
