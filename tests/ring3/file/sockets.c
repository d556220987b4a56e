// SPDX-License-Identifier: MIT
/*
 * Socket pairs: two streams, one each way.
 */
#include <fcntl.h>

#include <asm/poll.h>
#include <sys/stat.h>

#include "tests/ring3/ring3.h"

/* Linux has these in no header of uapi, and C libraries in headers of their own. */
#define FAMILY_UNIX   1
#define FAMILY_NONE   77
#define TYPE_STREAM   1
#define FLAG_DONTWAIT 0x40
#define FLAG_WAITALL  0x100
#define FLAG_NOSIGNAL 0x4000

enum {
    READING,
    WRITING,
    BOTH
};

static int pair[2];

static void open_pair(int flags)
{
    EXPECT_SUCCESS(syscall(__NR_socketpair, FAMILY_UNIX, TYPE_STREAM | flags, 0, pair));
}

static void close_pair(void)
{
    close(pair[0]);
    close(pair[1]);
}

static long send_bytes(int socket, const char *bytes, size_t size, int flags)
{
    return syscall(__NR_sendto, socket, bytes, size, flags, NULL, 0);
}

static long receive_bytes(int socket, char *bytes, size_t size, int flags)
{
    return syscall(__NR_recvfrom, socket, bytes, size, flags, NULL, NULL);
}

static int events_of(int socket)
{
    struct pollfd polled = {.fd = socket, .events = POLLIN | POLLOUT | POLLRDHUP};

    return syscall(__NR_poll, &polled, 1, 0) < 0 ? -1 : polled.revents;
}

static void both_ways(void)
{
    char bytes[8];
    struct stat status;

    open_pair(0);
    EXPECT_EQUAL(write(pair[0], "there", 5), 5);
    EXPECT_EQUAL(write(pair[1], "back", 4), 4);
    EXPECT_EQUAL(events_of(pair[0]), POLLIN | POLLOUT);
    EXPECT_EQUAL(read(pair[1], bytes, 8), 5);
    EXPECT(!memcmp(bytes, "there", 5));
    EXPECT_EQUAL(receive_bytes(pair[0], bytes, 8, 0), 4);
    EXPECT(!memcmp(bytes, "back", 4));
    EXPECT_EQUAL(events_of(pair[0]), POLLOUT);
    EXPECT_SUCCESS(fstat(pair[0], &status));
    EXPECT_EQUAL(status.st_mode, S_IFSOCK | 0777);
    close_pair();
}

static void not_waiting(void)
{
    char byte;

    open_pair(O_NONBLOCK);
    EXPECT_ERROR(read(pair[0], &byte, 1), EAGAIN);
    close_pair();
    open_pair(0);
    EXPECT_ERROR(receive_bytes(pair[0], &byte, 1, FLAG_DONTWAIT), EAGAIN);
    close_pair();
}

static void waiting(void)
{
    char bytes[4];

    open_pair(0);
    if (fork() == 0) {
        usleep(20000);
        send_bytes(pair[1], "ab", 2, 0);
        usleep(20000);
        send_bytes(pair[1], "cd", 2, 0);
        _exit(0);
    }
    EXPECT_EQUAL(receive_bytes(pair[0], bytes, 4, FLAG_WAITALL), 4);
    EXPECT(!memcmp(bytes, "abcd", 4));
    EXPECT_SUCCESS(waitpid(-1, NULL, 0));
    close_pair();
}

static volatile int signals_seen;

static void count_signal(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    signals_seen++;
}

static void the_other_is_closed(void)
{
    char bytes[8];

    open_pair(0);
    EXPECT_EQUAL(write(pair[1], "rest", 4), 4);
    close(pair[1]);
    EXPECT_EQUAL(events_of(pair[0]) & ~POLLOUT, POLLIN | POLLRDHUP | POLLHUP);
    EXPECT_EQUAL(read(pair[0], bytes, 8), 4);
    EXPECT_EQUAL(read(pair[0], bytes, 8), 0);
    signals_seen = 0;
    handle(SIGPIPE, count_signal, 0);
    EXPECT_ERROR(send_bytes(pair[0], bytes, 1, FLAG_NOSIGNAL), EPIPE);
    EXPECT_EQUAL(signals_seen, 0);
    EXPECT_ERROR(write(pair[0], bytes, 1), EPIPE);
    EXPECT_EQUAL(signals_seen, 1);
    close(pair[0]);
}

static void shut_down(void)
{
    char bytes[8];

    handle(SIGPIPE, count_signal, 0);
    open_pair(0);
    EXPECT_EQUAL(write(pair[0], "last", 4), 4);
    EXPECT_SUCCESS(syscall(__NR_shutdown, pair[0], WRITING));
    EXPECT_ERROR(write(pair[0], "x", 1), EPIPE);
    EXPECT_EQUAL(read(pair[1], bytes, 8), 4);
    EXPECT_EQUAL(read(pair[1], bytes, 8), 0);
    EXPECT_EQUAL(events_of(pair[1]), POLLIN | POLLOUT | POLLRDHUP);
    EXPECT_EQUAL(write(pair[1], "back", 4), 4); /* the other way is open */
    EXPECT_EQUAL(read(pair[0], bytes, 8), 4);
    EXPECT_SUCCESS(syscall(__NR_shutdown, pair[0], READING));
    EXPECT_EQUAL(read(pair[0], bytes, 8), 0);
    EXPECT_ERROR(write(pair[1], "x", 1), EPIPE);
    close_pair();
}

static void refusals(void)
{
    int ends[2];
    char byte;

    EXPECT_ERROR(syscall(__NR_socketpair, FAMILY_NONE, TYPE_STREAM, 0, pair), EAFNOSUPPORT);
    EXPECT_ERROR(syscall(__NR_socketpair, FAMILY_UNIX, TYPE_STREAM | 0x10, 0, pair), EINVAL);
    EXPECT_ERROR(syscall(__NR_socketpair, FAMILY_UNIX, TYPE_STREAM, 0, NULL), EFAULT);
    EXPECT_SUCCESS(syscall(__NR_pipe2, ends, 0));
    EXPECT_ERROR(syscall(__NR_shutdown, ends[0], WRITING), ENOTSOCK);
    EXPECT_ERROR(receive_bytes(ends[0], &byte, 1, 0), ENOTSOCK);
    EXPECT_ERROR(send_bytes(-1, &byte, 1, 0), EBADF);
    close(ends[0]);
    close(ends[1]);
    open_pair(0);
    EXPECT_ERROR(syscall(__NR_shutdown, pair[0], BOTH + 1), EINVAL);
    EXPECT_ERROR(pread(pair[0], &byte, 1, 0), ESPIPE);
    EXPECT_ERROR(syscall(__NR_sendto, pair[0], "x", 1, 0, "\1\0", 2), EISCONN);
    close_pair();
}

static const struct ktap_test tests[] = {
    {"what one writes the other reads, both ways", both_ways},
    {"nothing to read: EAGAIN", not_waiting},
    {"a read waits, for all it wants with MSG_WAITALL", waiting},
    {"the other is closed: its rest, the end, EPIPE", the_other_is_closed},
    {"shutdown of one way, and of the other", shut_down},
    {"what is no socket, or no kind of one", refusals},
};

int main(void)
{
    return ktap_run(tests, COUNT(tests), NULL);
}
