// SPDX-License-Identifier: MIT
/*
 * Sockets, as the calls about them see them: fs/socket/sys_socket.c.
 *
 * The room owns the calls on sockets and the pairs of them. It leaves the bytes to two pipes of
 * fs/pipe/; there is no network, and no socket has a name.
 */
#ifndef FS_SOCKET_SOCKET_H
#define FS_SOCKET_SOCKET_H

#include "kernel/file/file.h"

/* Linux has these in no header of uapi. */
#define AF_UNIX     1
#define SOCK_STREAM 1

enum {
    SHUT_RD,
    SHUT_WR,
    SHUT_RDWR
};

/* The socket at a descriptor, with a reference: 0, -EBADF or -ENOTSOCK. */
long socket_get(int fd, struct file **file);

/* Ends one direction or both; how is shutdown()'s. */
void socket_shut(struct file *file, int how);

/* The error that waits to be told, which it is once: 0 or -ECONNRESET. */
int socket_take_error(struct file *file);

/* As send() and recv(), with their flags: bytes, or an errno. */
long socket_send(struct file *file, struct io_iter *from, unsigned int flags);
long socket_receive(struct file *file, struct io_iter *to, unsigned int flags);

#endif
