// SPDX-License-Identifier: MIT
/*
 * What tells about files besides fstat and newfstatat: stat and lstat, and statx, whose structure
 * can grow.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "arch/mmu/usercopy.h"
#include "fs/more/status.h"
#include "fs/open/open.h"
#include "kernel/call/syscall.h"

SYSCALL2(stat, uintptr_t, path, uintptr_t, address)
{
    struct stat status;
    long error = path_status(AT_FDCWD, path, 0, &status);

    return error ? error : status_put(address, &status);
}

SYSCALL2(lstat, uintptr_t, path, uintptr_t, address)
{
    struct stat status;
    long error = path_status(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, &status);

    return error ? error : status_put(address, &status);
}

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
    error = path_status(fd, path, flags, &status);
    if (error)
        return error;
    fill_statx(&status, &result);
    return copy_to_user(address, &result, sizeof(result)) ? -EFAULT : 0;
}
