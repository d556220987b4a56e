// SPDX-License-Identifier: MIT
/*
 * System calls on sockets. All there are is pairs that are connected and have no names, so that
 * most of these calls can only say what Linux says of such a one.
 */
#include <asm/errno.h>
#include <asm/socket.h>
#include <linux/fcntl.h>

#include "arch/usercopy.h"
#include "fs/socket.h"
#include "kernel/io_iter.h"
#include "kernel/syscall.h"
#include "mm/slab.h"

/* Not in uapi: recvmsg(2). */
struct msghdr {
    uint64_t msg_name;
    uint32_t msg_namelen;
    uint64_t msg_iov;
    uint64_t msg_iovlen;
    uint64_t msg_control;
    uint64_t msg_controllen;
    uint32_t msg_flags;
};

_Static_assert(sizeof(struct msghdr) == 56, "the ABI's layout");

/* ---- What a pair cannot do ---- */

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

/* ---- What it is ---- */

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

/* ---- Using it ---- */

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

/* Of a message, Linux looks only at as much as it will move. */
static long message_buffer(struct io_iter *iter, struct iovec *segment, uintptr_t buffer,
                           size_t size)
{
    return io_iter_buffer(iter, segment, buffer, size < IO_COUNT_MAX ? size : IO_COUNT_MAX);
}

SYSCALL6(sendto, int, fd, uintptr_t, buffer, size_t, size, unsigned int, flags, uintptr_t, address,
         int, address_size)
{
    struct iovec segment;
    struct io_iter from;
    struct file *file;
    long result = message_buffer(&from, &segment, buffer, size);

    (void)address_size;
    if (!result)
        result = socket_get(fd, &file);
    if (result)
        return result;
    result = address ? -EISCONN : socket_send(file, &from, flags);
    file_put(file);
    return result;
}

SYSCALL6(recvfrom, int, fd, uintptr_t, buffer, size_t, size, unsigned int, flags, uintptr_t,
         address, uintptr_t, address_size)
{
    const int no_size = 0; /* of the other's address, which it has not */
    struct iovec segment;
    struct io_iter to;
    struct file *file;
    long result = message_buffer(&to, &segment, buffer, size);

    if (!result)
        result = socket_get(fd, &file);
    if (result)
        return result;
    result = socket_receive(file, &to, flags);
    if (result >= 0 && address && copy_to_user(address_size, &no_size, sizeof(no_size)))
        result = -EFAULT;
    file_put(file);
    return result;
}

/* Reads a message's header and its segments, which the caller frees. */
static long read_header(uintptr_t address, struct msghdr *header, struct iovec **segments,
                        struct io_iter *iter)
{
    if (copy_from_user(header, address, sizeof(*header)))
        return -EFAULT;
    if (header->msg_name && (int)header->msg_namelen < 0)
        return -EINVAL;
    if (header->msg_iovlen > UIO_MAXIOV)
        return -EMSGSIZE;
    return import_iovec(header->msg_iov, header->msg_iovlen, segments, iter);
}

/* No descriptors or credentials go with the bytes. */
static long send_message(struct file *file, uintptr_t address, unsigned int flags)
{
    struct iovec *segments;
    struct msghdr header;
    struct io_iter from;
    long result = read_header(address, &header, &segments, &from);

    if (result)
        return result;
    if (header.msg_controllen)
        result = -EINVAL;
    else if (header.msg_name && header.msg_namelen)
        result = -EISCONN;
    else
        result = socket_send(file, &from, flags);
    kfree(segments);
    return result;
}

SYSCALL3(sendmsg, int, fd, uintptr_t, address, unsigned int, flags)
{
    struct file *file;
    long result = socket_get(fd, &file);

    if (result)
        return result;
    result = send_message(file, address, flags);
    file_put(file);
    return result;
}

static long receive_message(struct file *file, uintptr_t address, unsigned int flags)
{
    struct iovec *segments;
    struct msghdr header;
    struct io_iter to;
    long result = read_header(address, &header, &segments, &to);

    if (result)
        return result;
    result = socket_receive(file, &to, flags);
    kfree(segments);
    if (result < 0)
        return result;
    header.msg_namelen = 0;
    header.msg_controllen = 0;
    header.msg_flags = 0;
    return copy_to_user(address, &header, sizeof(header)) ? -EFAULT : result;
}

SYSCALL3(recvmsg, int, fd, uintptr_t, address, unsigned int, flags)
{
    struct file *file;
    long result = socket_get(fd, &file);

    if (result)
        return result;
    result = receive_message(file, address, flags);
    file_put(file);
    return result;
}
