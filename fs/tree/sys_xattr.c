// SPDX-License-Identifier: MIT
/*
 * Extended attributes: no file has any, as on those file systems of Linux that lack them. Tools
 * that list and copy files ask for them, and expect to be told so rather than that there is no such
 * call.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/xattr.h>

#include "arch/mmu/usercopy.h"
#include "fs/more/path_more.h"
#include "fs/node/node.h"
#include "fs/open/open.h"
#include "kernel/call/syscall.h"
#include "kernel/file/file.h"

/* 0, or why there is no such file. */
static long look_up(uintptr_t path, enum path_flags flags)
{
    struct node *node;
    long error = path_lookup_user(AT_FDCWD, path, flags, &node);

    if (!error)
        node_put(node);
    return error;
}

static long look_up_descriptor(int fd)
{
    struct file *file = fd_get(fd);

    if (!file)
        return -EBADF;
    file_put(file);
    return 0;
}

/* What follows once the file is found, of which looking up has said error. */
static long refuse_name(long error, uintptr_t user_name)
{
    char name[XATTR_NAME_MAX + 1];

    if (error)
        return error;
    long length = strncpy_from_user(name, user_name, sizeof(name));
    if (length < 0)
        return length;
    return length == 0 || length == sizeof(name) ? -ERANGE : -EOPNOTSUPP;
}

static long refuse_to_set(long error, uintptr_t name, size_t size, int flags)
{
    if (error)
        return error;
    if (flags & ~(XATTR_CREATE | XATTR_REPLACE))
        return -EINVAL;
    error = refuse_name(0, name);
    return error == -EOPNOTSUPP && size > XATTR_SIZE_MAX ? -E2BIG : error;
}

SYSCALL5(setxattr, uintptr_t, path, uintptr_t, name, uintptr_t, value, size_t, size, int, flags)
{
    (void)value;
    return refuse_to_set(look_up(path, PATH_FOLLOW), name, size, flags);
}

SYSCALL5(lsetxattr, uintptr_t, path, uintptr_t, name, uintptr_t, value, size_t, size, int, flags)
{
    (void)value;
    return refuse_to_set(look_up(path, PATH_NO_FOLLOW), name, size, flags);
}

SYSCALL5(fsetxattr, int, fd, uintptr_t, name, uintptr_t, value, size_t, size, int, flags)
{
    (void)value;
    return refuse_to_set(look_up_descriptor(fd), name, size, flags);
}

SYSCALL2(getxattr, uintptr_t, path, uintptr_t, name)
{
    return refuse_name(look_up(path, PATH_FOLLOW), name);
}

SYSCALL2(lgetxattr, uintptr_t, path, uintptr_t, name)
{
    return refuse_name(look_up(path, PATH_NO_FOLLOW), name);
}

SYSCALL2(fgetxattr, int, fd, uintptr_t, name)
{
    return refuse_name(look_up_descriptor(fd), name);
}

SYSCALL2(removexattr, uintptr_t, path, uintptr_t, name)
{
    return refuse_name(look_up(path, PATH_FOLLOW), name);
}

SYSCALL2(lremovexattr, uintptr_t, path, uintptr_t, name)
{
    return refuse_name(look_up(path, PATH_NO_FOLLOW), name);
}

SYSCALL2(fremovexattr, int, fd, uintptr_t, name)
{
    return refuse_name(look_up_descriptor(fd), name);
}

/* The list is empty, and so needs no place. */

SYSCALL1(listxattr, uintptr_t, path)
{
    return look_up(path, PATH_FOLLOW);
}

SYSCALL1(llistxattr, uintptr_t, path)
{
    return look_up(path, PATH_NO_FOLLOW);
}

SYSCALL1(flistxattr, int, fd)
{
    return look_up_descriptor(fd);
}
