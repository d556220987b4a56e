// SPDX-License-Identifier: MIT
/*
 * Sockets: pairs of connected streams (socketpair), and no other kind. A pair is two pipes; each
 * of its sockets has the end to read of one and the end to write of the other.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/poll.h>
#include <linux/stat.h>

#include "arch/mmu/usercopy.h"
#include "fs/open/anonymous.h"
#include "fs/open/open.h"
#include "fs/pipe/pipe.h"
#include "fs/socket/socket.h"
#include "kernel/call/io_iter.h"
#include "kernel/call/syscall.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"

/* Linux has these in no header of uapi. */
#define AF_MAX        46
#define SOCK_MAX      11
#define SOCK_TYPE     0xfu
#define SOCK_CLOEXEC  O_CLOEXEC
#define SOCK_NONBLOCK O_NONBLOCK
#define MSG_OOB       0x1u
#define MSG_PEEK      0x2u
#define MSG_DONTWAIT  0x40u
#define MSG_WAITALL   0x100u
#define MSG_NOSIGNAL  0x4000u

struct socket {
    struct file *in, *out; /* ends of two pipes */
    uint64_t number;       /* st_ino */
    bool told_reset;       /* the error of a peer that left bytes unread is told once */
};

/* ---- the file ---- */

static bool has_error(const struct socket *socket)
{
    return !socket->told_reset && pipe_is_abandoned(socket->out);
}

int socket_take_error(struct file *file)
{
    struct socket *socket = file->state;

    if (!has_error(socket))
        return 0;
    socket->told_reset = true;
    return -ECONNRESET;
}

/* What the peer sent before it went comes first, then the error, then the end. */
static long read_stream(struct file *file, struct io_iter *to, unsigned int flags)
{
    bool wanted = to->remaining;
    long result = pipe_read(((struct socket *)file->state)->in, to, flags);

    return result || !wanted ? result : socket_take_error(file);
}

static long read(struct file *file, struct io_iter *to, uint64_t *offset)
{
    (void)offset;
    return read_stream(file, to, file->flags);
}

/* Where nobody can read any more, even nothing cannot be written. */
static long write_stream(struct file *file, struct io_iter *from, unsigned int flags)
{
    struct file *out = ((struct socket *)file->state)->out;

    return from->remaining || !pipe_is_broken(out) ? pipe_write(out, from, flags)
                                                   : pipe_break(flags);
}

static long write(struct file *file, struct io_iter *from, uint64_t *offset)
{
    (void)offset;
    return write_stream(file, from, file->flags);
}

static int status(struct file *file, struct stat *status)
{
    anonymous_status(file, status);
    status->st_mode = S_IFSOCK | 0777;
    status->st_ino = ((struct socket *)file->state)->number;
    return 0;
}

static unsigned int poll(struct file *file)
{
    struct socket *socket = file->state;
    unsigned int in = socket->in->operations->poll(socket->in);
    unsigned int out = socket->out->operations->poll(socket->out);
    unsigned int events = (in | out) & (POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM);

    if (events & POLLOUT)
        events |= POLLWRBAND;
    if (in & POLLHUP)
        events |= POLLIN | POLLRDNORM | POLLRDHUP;
    if ((in & POLLHUP) && (out & POLLERR))
        events |= POLLHUP;
    if (has_error(socket))
        events |= POLLERR;
    return events;
}

static long control(struct file *file, unsigned int request, uintptr_t argument)
{
    struct file *in = ((struct socket *)file->state)->in;

    return in->operations->ioctl(in, request, argument);
}

static void release(struct file *file)
{
    struct socket *socket = file->state;

    if (socket->in)
        file_put(socket->in);
    if (socket->out)
        file_put(socket->out);
    kfree(socket);
}

static void add_footprint(struct file *file, struct footprint *footprint)
{
    const struct socket *socket = file->state;

    pipe_add_footprint(socket->in, footprint);
    pipe_add_footprint(socket->out, footprint);
}

static const struct file_operations socket_operations = {
    .read = read,
    .write = write,
    .status = status,
    .poll = poll,
    .ioctl = control,
    .footprint = add_footprint,
    .release = release,
};

/* ---- making ---- */

static struct file *create_socket(unsigned int flags)
{
    static uint64_t last_number;
    struct file *file = file_create(&socket_operations, O_RDWR | (flags & O_NONBLOCK));
    struct socket *socket = kzalloc(sizeof(*socket));

    if (!file || !socket) {
        kfree(file);
        kfree(socket);
        return NULL;
    }
    socket->number = ++last_number;
    file->state = socket;
    return file;
}

static int connect(struct file *a, struct file *b)
{
    struct socket *left = a->state, *right = b->state;
    int error = pipe_create(0, &right->in, &left->out);

    return error ? error : pipe_create(0, &left->in, &right->out);
}

static long make_pair(unsigned int flags, uintptr_t user_fds)
{
    struct file *pair[2] = {create_socket(flags), create_socket(flags)};
    long error = pair[0] && pair[1] ? connect(pair[0], pair[1]) : -ENOMEM;

    if (!error)
        return fd_install_pair(pair, flags & SOCK_CLOEXEC, user_fds);
    for (int i = 0; i < 2; i++)
        if (pair[i])
            file_put(pair[i]);
    return error;
}

/* Whether there could be such a socket on Linux, and is here. */
static long check_kind(int family, unsigned int type)
{
    if (type & ~(SOCK_TYPE | SOCK_CLOEXEC | SOCK_NONBLOCK))
        return -EINVAL;
    if (family < 0 || family >= AF_MAX || family != AF_UNIX)
        return -EAFNOSUPPORT;
    if ((type & SOCK_TYPE) >= SOCK_MAX)
        return -EINVAL;
    return (type & SOCK_TYPE) == SOCK_STREAM ? 0 : -ESOCKTNOSUPPORT;
}

SYSCALL4(socketpair, int, family, unsigned int, type, int, protocol, uintptr_t, fds)
{
    long error = check_kind(family, type);

    if (!error && protocol != 0 && protocol != AF_UNIX)
        error = -EPROTONOSUPPORT;
    return error ? error : make_pair(type & (SOCK_CLOEXEC | SOCK_NONBLOCK), fds);
}

/* There is nothing to connect to, as on a Linux without networks. */
PARALLEL_SYSCALL3(socket, int, family, unsigned int, type, int, protocol)
{
    (void)family, (void)protocol;
    return type & ~(SOCK_TYPE | SOCK_CLOEXEC | SOCK_NONBLOCK) ? -EINVAL : -EAFNOSUPPORT;
}

/* ---- using ---- */

long socket_get(int fd, struct file **file)
{
    return anonymous_get(fd, &socket_operations, -ENOTSOCK, file);
}

void socket_shut(struct file *file, int how)
{
    struct socket *socket = file->state;

    if (how != SHUT_WR)
        pipe_shut(socket->in);
    if (how != SHUT_RD)
        pipe_shut(socket->out);
}

static unsigned int flags_for(const struct file *file, unsigned int flags)
{
    unsigned int pipe_flags = file->flags & O_NONBLOCK;

    if (flags & MSG_DONTWAIT)
        pipe_flags |= O_NONBLOCK;
    if (flags & MSG_NOSIGNAL)
        pipe_flags |= PIPE_NO_SIGNAL;
    return pipe_flags;
}

long socket_send(struct file *file, struct io_iter *from, unsigned int flags)
{
    if (flags & MSG_OOB)
        return -EOPNOTSUPP;
    return write_stream(file, from, flags_for(file, flags));
}

long socket_receive(struct file *file, struct io_iter *to, unsigned int flags)
{
    long total = 0, result;

    if (flags & (MSG_OOB | MSG_PEEK))
        return -EOPNOTSUPP;
    do {
        result = read_stream(file, to, flags_for(file, flags));
        total += result > 0 ? result : 0;
    } while ((flags & MSG_WAITALL) && result > 0 && to->remaining);
    return total ? total : result;
}
