// SPDX-License-Identifier: MIT
/*
 * Sockets: what the calls about them say of descriptors that are none, and of connected pairs.
 */
#include "tests/programs/show.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

static char bytes[32];

/* Each call on one descriptor. */
static void try_all(const char *what, int fd)
{
    struct sockaddr address = {.sa_family = AF_UNIX};
    socklen_t size = sizeof(address), word = sizeof(int);
    struct iovec part = {bytes, 4};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    int value = 0;

    section(what);
    SHOW(listen(fd, 1));
    SHOW(accept(fd, NULL, NULL));
    SHOW(accept4(fd, NULL, NULL, SOCK_NONBLOCK));
    SHOW(accept4(fd, NULL, NULL, 1));
    SHOW(getsockname(fd, &address, &size));
    SHOW(getpeername(fd, &address, &size));
    SHOW(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &word));
    SHOW(getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &word));
    SHOW(send(fd, "", 0, MSG_NOSIGNAL));
    SHOW(sendmsg(fd, &message, MSG_NOSIGNAL));
    SHOW(recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT));
    SHOW(recvmsg(fd, &message, MSG_DONTWAIT));
    SHOW(shutdown(fd, 77));
}

static void not_sockets(void)
{
    struct sockaddr address = {.sa_family = AF_UNIX};
    int file = open("file", O_RDWR | O_CREAT, 0644), path = open("file", O_PATH), value = 1;

    try_all("no descriptor", 99);
    try_all("a file", file);
    try_all("O_PATH", path);
    SHOW(bind(99, &address, sizeof(address)));
    SHOW(bind(file, &address, sizeof(address)));
    SHOW(connect(99, &address, sizeof(address)));
    SHOW(connect(file, &address, sizeof(address)));
    SHOW(setsockopt(99, SOL_SOCKET, SO_KEEPALIVE, &value, sizeof(value)));
    SHOW(setsockopt(file, SOL_SOCKET, SO_KEEPALIVE, &value, sizeof(value)));
}

static void names(int socket)
{
    union {
        struct sockaddr address;
        char room[40];
    } name = {.room = "xxxxxxxxxxxxxxxxxxxx"};
    socklen_t size = sizeof(name);

    section("names");
    SHOW(getsockname(socket, &name.address, &size));
    SHOW(size);
    SHOW(name.address.sa_family);
    SHOW(name.room[2]);
    size = 1;
    SHOW(getpeername(socket, &name.address, &size));
    SHOW(size);
    size = (socklen_t)-1;
    SHOW(getpeername(socket, &name.address, &size));
    SHOW(getpeername(socket, &name.address, nowhere));
}

static void options(int socket)
{
    static const int known[] = {SO_TYPE, SO_DOMAIN, SO_PROTOCOL, SO_ACCEPTCONN, SO_ERROR, 999};
    int value;
    socklen_t size;

    section("options");
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        value = -1;
        size = sizeof(value);
        SHOW(getsockopt(socket, SOL_SOCKET, known[i], &value, &size));
        say("option %zu: %d", i, value);
    }
    size = 2;
    SHOW(getsockopt(socket, SOL_SOCKET, SO_TYPE, &value, &size));
    SHOW(size);
    size = (socklen_t)-1;
    SHOW(getsockopt(socket, SOL_SOCKET, SO_TYPE, &value, &size));
    SHOW(getsockopt(socket, 6, SO_TYPE, &value, &size));
    SHOW(setsockopt(socket, 6, SO_TYPE, &value, sizeof(value)));
    SHOW(setsockopt(socket, SOL_SOCKET, 999, &value, sizeof(value)));
}

static void messages(const int pair[2])
{
    char a[4] = "", b[8] = "";
    struct iovec out[] = {{(void *)"one", 3}, {(void *)"two", 3}};
    struct iovec in[] = {{a, 2}, {b, 7}};
    struct msghdr sent = {.msg_iov = out, .msg_iovlen = 2};
    struct msghdr received = {.msg_iov = in, .msg_iovlen = 2, .msg_flags = -1};
    struct pollfd polled = {.fd = pair[0], .events = POLLOUT | POLLWRBAND};

    section("messages");
    SHOW(sendmsg(pair[0], &sent, 0));
    SHOW(recvmsg(pair[1], &received, 0));
    say("%s %s, flags %d, control %zu, name %u", a, b, received.msg_flags,
        (size_t)received.msg_controllen, received.msg_namelen);
    SHOW(recvmsg(pair[1], &received, MSG_DONTWAIT));
    sent.msg_iovlen = 1025;
    SHOW(sendmsg(pair[0], &sent, 0));
    /* C libraries may look into it before the kernel does. */
    SHOW(syscall(SYS_sendmsg, pair[0], nowhere, 0));
    SHOW(syscall(SYS_recvmsg, pair[0], nowhere, 0));
    SHOW(poll(&polled, 1, 0));
    SHOW(polled.revents);
}

static void broken(void)
{
    int pair[2];

    section("nobody to read");
    signal(SIGPIPE, SIG_IGN);
    SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    SHOW(fallocate(pair[0], 0, 0, 10));
    SHOW(write(pair[0], "", 0));
    SHOW(shutdown(pair[0], SHUT_WR));
    SHOW(write(pair[0], "", 0));
    SHOW(write(pair[0], "x", 1));
    SHOW(write(pair[1], "x", 1));
    SHOW(close(pair[0]));
    SHOW(write(pair[1], "", 0));
    SHOW(send(pair[1], "", 0, MSG_NOSIGNAL));
    signal(SIGPIPE, SIG_DFL);
    SHOW_CHILD(write(pair[1], "", 0));
    SHOW(close(pair[1]));
}

static void left_unread(void)
{
    struct pollfd polled = {.events = POLLIN | POLLOUT};
    int pair[2], error = -1;
    socklen_t size = sizeof(error);

    section("a peer that closes with bytes unread");
    SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    SHOW(write(pair[0], "unread", 6));
    SHOW(write(pair[1], "answer", 6));
    SHOW(close(pair[1]));
    polled.fd = pair[0];
    SHOW(poll(&polled, 1, 0));
    SHOW(polled.revents);
    SHOW(read(pair[0], bytes, 0));
    SHOW(read(pair[0], bytes, sizeof(bytes)));
    SHOW(read(pair[0], bytes, sizeof(bytes)));
    SHOW(read(pair[0], bytes, sizeof(bytes)));
    SHOW(poll(&polled, 1, 0));
    SHOW(polled.revents);
    SHOW(close(pair[0]));
    SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    SHOW(write(pair[0], "unread", 6));
    SHOW(close(pair[1]));
    SHOW(getsockopt(pair[0], SOL_SOCKET, SO_ERROR, &error, &size));
    say("error: %s", strerror(error));
    SHOW(read(pair[0], bytes, sizeof(bytes)));
    SHOW(close(pair[0]));
}

int main(void)
{
    int pair[2];

    show_enter();
    not_sockets();
    SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    try_all("a socket of a pair", pair[0]);
    while (recv(pair[1], bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
        ;
    names(pair[0]);
    options(pair[0]);
    messages(pair);
    left_unread();
    broken();
    show_leave();
    return 0;
}
