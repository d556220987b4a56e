// SPDX-License-Identifier: MIT
// Files that tell of events, what waits for them, and sockets.

#include <asm/socket.h>
#include <linux/eventpoll.h>

#include "tests/fuzz/arena.h"
#include "tests/fuzz/call.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/values.h"

#define EVENTS_MAX 16

/* ---- arguments ---- */

/* One of the files that are there for it, or any. */
#define DEFINE_FD(name, fd)                     \
    static uint64_t name(const struct use *use) \
    {                                           \
        return one_in(6) ? fd_any(use) : (fd);  \
    }

DEFINE_FD(fd_timer, FD_TIMER)
DEFINE_FD(fd_epoll, FD_EPOLL)
DEFINE_FD(fd_socket, one_in(2) ? FD_SOCKET : FD_SOCKET_OTHER)
DEFINE_FD(fd_of_signals, one_in(2) ? FD_SIGNAL : UINT32_MAX)
/* What one would wait for. */
DEFINE_FD(fd_watched, FD_EVENT + random_below(FDS - FD_EVENT))

DEFINE_CHOICE(event_flags, 0, 1, O_CLOEXEC, O_NONBLOCK)
DEFINE_CHOICE(file_flags, 0, O_CLOEXEC, O_NONBLOCK, O_CLOEXEC | O_NONBLOCK)
DEFINE_CHOICE(epoll_flags, 0, O_CLOEXEC)
/* CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME. */
DEFINE_CHOICE(timer_clock, 0, 1, 7)
DEFINE_CHOICE(timer_flags, 0, 1, 3)
DEFINE_CHOICE(epoll_operation, EPOLL_CTL_ADD, EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL)
DEFINE_CHOICE(socket_family, SOCKET_UNIX, SOCKET_UNIX, SOCKET_UNIX, 2)
DEFINE_CHOICE(socket_type, SOCKET_STREAM, SOCKET_STREAM | O_NONBLOCK, SOCKET_STREAM | O_CLOEXEC, 2)
DEFINE_CHOICE(shutdown_how, 0, 1, 2)
DEFINE_CHOICE(socket_level, SOL_SOCKET, SOL_SOCKET, 0)
DEFINE_CHOICE(socket_option, SO_TYPE, SO_ERROR, SO_DOMAIN, 0)
/* MSG_DONTWAIT, with MSG_NOSIGNAL or MSG_WAITALL. */
DEFINE_CHOICE(message_flags, 0x40, 0x4040, 0x140)

/* The interval and the time until the first expiration, in a struct itimerspec. */
static uint64_t timer_times(const struct use *use)
{
    struct fuzz_time *times = scratch_take(2 * sizeof(*times));

    times[0].fraction = one_in(3) ? 0 : 100000 + (long)random_small(20000000);
    times[1].fraction = one_in(4) ? 0 : (long)random_small(20000000);
    if (use->wild && one_in(4))
        times[random_below(2)].seconds = (long)wild_value();
    return (uint64_t)times;
}

/* struct msghdr as recvmsg(2) has it: a name or control data only by mistake. */
static uint64_t message_header(const struct use *use)
{
    enum {
        SEGMENTS = 2,
        SEGMENT_COUNT,
        WORDS = 7
    };
    uint64_t *header = scratch_take(WORDS * sizeof(*header));

    for (unsigned int i = 0; i < WORDS; i++)
        header[i] = 0;
    header[SEGMENTS] = io_vector(use);
    header[SEGMENT_COUNT] = io_vector_count(use);
    if (use->wild && one_in(4))
        header[random_below(WORDS)] ^= random_bits();
    return (uint64_t)header;
}

static uint64_t epoll_event(const struct use *use)
{
    struct epoll_event *event = scratch_take(sizeof(*event));

    event->events = (uint32_t)some_bits(use, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
    if (one_in(6))
        event->events |= EPOLLONESHOT;
    event->data = random_bits();
    return (uint64_t)event;
}

static uint64_t epoll_events(const struct use *use)
{
    (void)use;
    return (uint64_t)scratch_take(EVENTS_MAX * sizeof(struct epoll_event));
}

static uint64_t epoll_room(const struct use *use)
{
    return use->wild && one_in(4) ? wild_value() : 1 + random_below(EVENTS_MAX);
}

static uint64_t epoll_milliseconds(const struct use *use)
{
    return use->wild && one_in(4) ? wild_value() : random_below(3);
}

static void after_pair(const struct use *use, long result)
{
    const int *sockets = (const int *)use->argument[3];

    for (int i = 0; i < 2 && result == 0; i++)
        after_fd(use, sockets[i]);
}

/* ---- the table ---- */

static const struct call calls[] = {
    CALL(eventfd, TAKES(small_number), .after = after_fd),
    CALL(eventfd2, TAKES(small_number, event_flags), .after = after_fd),
    CALL(timerfd_create, TAKES(timer_clock, file_flags), .after = after_fd),
    CALL(timerfd_settime, TAKES(fd_timer, timer_flags, timer_times, buffer_or_null)),
    CALL(timerfd_gettime, TAKES(fd_timer, buffer)),
    CALL(signalfd, TAKES(fd_of_signals, signal_set, signal_set_size), .after = after_fd),
    CALL(signalfd4, TAKES(fd_of_signals, signal_set, signal_set_size, file_flags),
         .after = after_fd),
    CALL(epoll_create, TAKES(small_number), .after = after_fd),
    CALL(epoll_create1, TAKES(epoll_flags), .after = after_fd),
    CALL(epoll_ctl, TAKES(fd_epoll, epoll_operation, fd_watched, epoll_event)),
    CALL(epoll_wait, TAKES(fd_epoll, epoll_events, epoll_room, epoll_milliseconds),
         .flags = CALL_BLOCKS),
    CALL(epoll_pwait,
         TAKES(fd_epoll, epoll_events, epoll_room, epoll_milliseconds, signal_set_or_null,
               signal_set_size),
         .flags = CALL_BLOCKS),
    CALL(epoll_pwait2,
         TAKES(fd_epoll, epoll_events, epoll_room, short_time, signal_set_or_null, signal_set_size),
         .flags = CALL_BLOCKS),
    CALL(socketpair, TAKES(socket_family, socket_type, zero, word), .after = after_pair),
    CALL(socket, TAKES(socket_family, socket_type, zero), .counts = EAFNOSUPPORT,
         .after = after_fd),
    CALL(bind, TAKES(fd_socket, buffer, small_number), .counts = EOPNOTSUPP),
    CALL(connect, TAKES(fd_socket, buffer, small_number), .counts = EISCONN),
    CALL(listen, TAKES(fd_socket, small_number), .counts = EINVAL),
    CALL(accept, TAKES(fd_socket, buffer, word), .counts = EINVAL),
    CALL(accept4, TAKES(fd_socket, buffer, word, file_flags), .counts = EINVAL),
    CALL(getsockname, TAKES(fd_socket, buffer, word)),
    CALL(getpeername, TAKES(fd_socket, buffer, word)),
    CALL(getsockopt, TAKES(fd_socket, socket_level, socket_option, buffer, word)),
    CALL(setsockopt, TAKES(fd_socket, socket_level, socket_option, buffer, small_number),
         .counts = ENOPROTOOPT),
    CALL(sendmsg, TAKES(fd_socket, message_header, message_flags), .flags = CALL_BLOCKS),
    CALL(recvmsg, TAKES(fd_socket, message_header, message_flags), .flags = CALL_BLOCKS),
    CALL(shutdown, TAKES(fd_socket, shutdown_how)),
    CALL(sendto, TAKES(fd_socket, buffer, buffer_size, message_flags, zero, zero),
         .flags = CALL_BLOCKS),
    CALL(recvfrom, TAKES(fd_socket, buffer, buffer_size, message_flags, zero, zero),
         .flags = CALL_BLOCKS),
};

const struct call_table event_calls = {calls, COUNT(calls)};
