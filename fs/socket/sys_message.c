// SPDX-License-Identifier: MIT
/* System calls that send and receive on sockets, bytes or messages. */
#include <asm/errno.h>

#include "arch/mmu/usercopy.h"
#include "fs/open/vector.h"
#include "fs/socket/socket.h"
#include "kernel/call/syscall.h"
#include "mm/page/slab.h"

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
