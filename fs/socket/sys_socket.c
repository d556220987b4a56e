// SPDX-License-Identifier: MIT
/*
 * System calls on sockets. All there are is pairs that are connected and have no names, so that
 * most of these calls can only say what Linux says of such a one.
 */
#include <asm/errno.h>
#include <asm/socket.h>
#include <linux/fcntl.h>

#include "arch/mmu/usercopy.h"
#include "fs/socket/socket.h"
#include "kernel/call/syscall.h"

/* ---- what a pair cannot do ---- */

/* 0 of a socket, which then says why it does not do what is asked of it. */
static long refuse(int fd, long error)
{
    struct file *file;
    long result = socket_get(fd, &file);

    if (result)
        return result;
    file_put(file);
    return error;
}

SYSCALL3(bind, int, fd, uintptr_t, address, int, size)
{
    (void)address, (void)size;
    return refuse(fd, -EOPNOTSUPP);
}

SYSCALL3(connect, int, fd, uintptr_t, address, int, size)
{
    (void)address, (void)size;
    return refuse(fd, -EISCONN);
}

/* Only what has a name listens. */
SYSCALL2(listen, int, fd, int, backlog)
{
    (void)backlog;
    return refuse(fd, -EINVAL);
}

/* And only what listens accepts. */
SYSCALL3(accept, int, fd, uintptr_t, address, uintptr_t, size)
{
    (void)address, (void)size;
    return refuse(fd, -EINVAL);
}

SYSCALL4(accept4, int, fd, uintptr_t, address, uintptr_t, size, unsigned int, flags)
{
    long error = refuse(fd, -EINVAL);

    (void)address, (void)size;
    return error != -EBADF && (flags & ~(O_CLOEXEC | O_NONBLOCK)) ? -EINVAL : error;
}

/* ---- what it is ---- */

/* Of a socket without a name: the family alone. */
static long put_no_name(uintptr_t address, uintptr_t user_size)
{
    static const uint16_t family = AF_UNIX;
    static const int full = sizeof(family);
    int size;

    if (copy_from_user(&size, user_size, sizeof(size)))
        return -EFAULT;
    if (size < 0)
        return -EINVAL;
    if (size > full)
        size = full;
    if (copy_to_user(address, &family, size) || copy_to_user(user_size, &full, sizeof(full)))
        return -EFAULT;
    return 0;
}

static long tell_no_name(int fd, uintptr_t address, uintptr_t size)
{
    long error = refuse(fd, 0);

    return error ? error : put_no_name(address, size);
}

SYSCALL3(getsockname, int, fd, uintptr_t, address, uintptr_t, size)
{
    return tell_no_name(fd, address, size);
}

SYSCALL3(getpeername, int, fd, uintptr_t, address, uintptr_t, size)
{
    return tell_no_name(fd, address, size);
}

static int option_value(struct file *file, int option, int *value)
{
    switch (option) {
    case SO_TYPE:
        *value = SOCK_STREAM;
        return 0;
    case SO_DOMAIN:
        *value = AF_UNIX;
        return 0;
    case SO_ERROR:
        *value = -socket_take_error(file);
        return 0;
    case SO_PROTOCOL:
    case SO_ACCEPTCONN:
        *value = 0;
        return 0;
    default:
        return -ENOPROTOOPT;
    }
}

static long get_option(struct file *file, int option, uintptr_t address, uintptr_t user_size)
{
    int value, size, error;

    if (copy_from_user(&size, user_size, sizeof(size)))
        return -EFAULT;
    if (size < 0)
        return -EINVAL;
    error = option_value(file, option, &value);
    if (error)
        return error;
    if (size > (int)sizeof(value))
        size = sizeof(value);
    if (copy_to_user(address, &value, size) || copy_to_user(user_size, &size, sizeof(size)))
        return -EFAULT;
    return 0;
}

SYSCALL5(getsockopt, int, fd, int, level, int, option, uintptr_t, address, uintptr_t, size)
{
    struct file *file;
    long result = socket_get(fd, &file);

    if (result)
        return result;
    result = level == SOL_SOCKET ? get_option(file, option, address, size) : -EOPNOTSUPP;
    file_put(file);
    return result;
}

SYSCALL5(setsockopt, int, fd, int, level, int, option, uintptr_t, address, int, size)
{
    (void)option, (void)address;
    if (size < 0)
        return refuse(fd, -EINVAL);
    return refuse(fd, level == SOL_SOCKET ? -ENOPROTOOPT : -EOPNOTSUPP);
}

/* ---- using it ---- */

SYSCALL2(shutdown, int, fd, int, how)
{
    struct file *file;
    long error = socket_get(fd, &file);

    if (error)
        return error;
    if (how == SHUT_RD || how == SHUT_WR || how == SHUT_RDWR)
        socket_shut(file, how);
    else
        error = -EINVAL;
    file_put(file);
    return error;
}
