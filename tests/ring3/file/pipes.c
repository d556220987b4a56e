// SPDX-License-Identifier: MIT
/*
 * Pipes, and waiting for files: poll and select.
 */
#include <fcntl.h>
#include <sys/ioctl.h>

#include <asm/poll.h>
#include <linux/time_types.h>

#include "tests/ring3/ring3.h"

#define PIPE_SIZE   65536
#define PIPE_ATOMIC 4096

static struct {
    int read, write;
} ends;

static void open_pipe(int flags)
{
    EXPECT_SUCCESS(syscall(__NR_pipe2, &ends, flags));
}

static void close_pipe(void)
{
    close(ends.read);
    close(ends.write);
}

static void end_of_file(void)
{
    char bytes[8];

    open_pipe(0);
    EXPECT_EQUAL(write(ends.write, "abc", 3), 3);
    close(ends.write);
    EXPECT_EQUAL(read(ends.read, bytes, 8), 3);
    EXPECT_EQUAL(read(ends.read, bytes, 8), 0);
    close(ends.read);
}

static volatile int signals_seen;

static void count_signal(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    signals_seen++;
}

static void broken_pipe(void)
{
    signals_seen = 0;
    handle(SIGPIPE, count_signal, 0);
    open_pipe(0);
    close(ends.read);
    EXPECT_ERROR(write(ends.write, "abc", 3), EPIPE);
    EXPECT_EQUAL(signals_seen, 1);
    close(ends.write);
}

static void not_waiting(void)
{
    static char bytes[PIPE_SIZE];

    open_pipe(O_NONBLOCK);
    EXPECT_ERROR(read(ends.read, bytes, 1), EAGAIN);
    EXPECT_EQUAL(write(ends.write, bytes, PIPE_SIZE), PIPE_SIZE);
    EXPECT_ERROR(write(ends.write, bytes, 1), EAGAIN);
    EXPECT_EQUAL(read(ends.read, bytes, PIPE_ATOMIC), PIPE_ATOMIC);
    EXPECT_EQUAL(write(ends.write, bytes, PIPE_ATOMIC), PIPE_ATOMIC);
    close_pipe();
}

/* Up to PIPE_BUF bytes go in as a whole or not at all. */
static void whole_writes(void)
{
    static char bytes[PIPE_SIZE];

    open_pipe(O_NONBLOCK);
    EXPECT_EQUAL(write(ends.write, bytes, PIPE_SIZE - 8192), PIPE_SIZE - 8192);
    EXPECT_EQUAL(write(ends.write, bytes, 4097), 4097);
    EXPECT_ERROR(write(ends.write, bytes, PIPE_ATOMIC), EAGAIN);
    close_pipe();
}

static void counting(void)
{
    int count = -1;

    open_pipe(0);
    EXPECT_EQUAL(write(ends.write, "12345", 5), 5);
    EXPECT_SUCCESS(ioctl(ends.read, FIONREAD, &count));
    EXPECT_EQUAL(count, 5);
    EXPECT_ERROR(lseek(ends.read, 0, SEEK_SET), ESPIPE);
    EXPECT_ERROR(pread(ends.read, &count, 1, 0), ESPIPE);
    close_pipe();
}

/* More than fits, from a child, byte for byte. */
static void through_a_child(void)
{
    static unsigned char bytes[3 * PIPE_SIZE + 17];
    size_t got = 0;
    ssize_t count;
    int status;
    pid_t child;

    open_pipe(0);
    child = fork();
    if (child == 0) {
        for (size_t i = 0; i < sizeof(bytes); i++)
            bytes[i] = (unsigned char)(i * 7 + i / 256);
        _exit(write(ends.write, bytes, sizeof(bytes)) != sizeof(bytes));
    }
    close(ends.write);
    while ((count = read(ends.read, bytes + got, sizeof(bytes) - got)) > 0)
        got += (size_t)count;
    close(ends.read);
    EXPECT_EQUAL(waitpid(child, &status, 0), child);
    EXPECT_EQUAL(status, 0);
    EXPECT_EQUAL(got, sizeof(bytes));
    for (size_t i = 0; i < got; i++)
        if (bytes[i] != (unsigned char)(i * 7 + i / 256) && !EXPECT_EQUAL(i, -1))
            break;
}

static void interrupted(void)
{
    char byte;
    pid_t child, parent = getpid();

    signals_seen = 0;
    handle(SIGUSR1, count_signal, 0);
    open_pipe(0);
    child = fork();
    if (child == 0) {
        usleep(50000);
        kill(parent, SIGUSR1);
        _exit(0);
    }
    EXPECT_ERROR(read(ends.read, &byte, 1), EINTR);
    EXPECT_EQUAL(signals_seen, 1);
    waitpid(child, NULL, 0);

    handle(SIGUSR1, count_signal, SA_RESTART);
    child = fork();
    if (child == 0) {
        usleep(50000);
        kill(parent, SIGUSR1);
        usleep(50000);
        _exit(write(ends.write, "x", 1) != 1);
    }
    EXPECT_EQUAL(read(ends.read, &byte, 1), 1);
    EXPECT_EQUAL(signals_seen, 2);
    waitpid(child, NULL, 0);
    close_pipe();
}

/* ---- poll and select ---- */

static long poll_files(struct pollfd *files, unsigned int count, int milliseconds)
{
    return syscall(__NR_poll, files, count, milliseconds);
}

/* What poll finds of one descriptor at once. */
static int events_of(int file, int events)
{
    struct pollfd one = {.fd = file, .events = (short)events};
    long count = poll_files(&one, 1, 0);

    EXPECT_EQUAL(count, one.revents != 0);
    return one.revents;
}

static void polling(void)
{
    static char bytes[PIPE_SIZE];

    open_pipe(0);
    EXPECT_EQUAL(events_of(ends.read, POLLIN), 0);
    EXPECT_EQUAL(events_of(ends.write, POLLIN | POLLOUT), POLLOUT);
    EXPECT_EQUAL(write(ends.write, bytes, PIPE_SIZE), PIPE_SIZE);
    EXPECT_EQUAL(events_of(ends.read, POLLIN), POLLIN);
    EXPECT_EQUAL(events_of(ends.write, POLLOUT), 0);
    close(ends.write);
    EXPECT_EQUAL(events_of(ends.read, POLLIN), POLLIN | POLLHUP);
    EXPECT_EQUAL(read(ends.read, bytes, PIPE_SIZE), PIPE_SIZE);
    EXPECT_EQUAL(events_of(ends.read, 0), POLLHUP);
    close(ends.read);
    EXPECT_EQUAL(events_of(ends.read, POLLIN), POLLNVAL);
    EXPECT_EQUAL(events_of(-1, POLLIN), 0);
    open_pipe(0);
    close(ends.read);
    EXPECT_EQUAL(events_of(ends.write, POLLOUT), POLLOUT | POLLERR);
    close(ends.write);
}

static uint64_t now_ms(void)
{
    struct __kernel_timespec time;

    syscall(__NR_clock_gettime, 1, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static void poll_waits(void)
{
    struct pollfd file;
    uint64_t start = now_ms();
    pid_t child;

    open_pipe(0);
    file = (struct pollfd){.fd = ends.read, .events = POLLIN};
    EXPECT_EQUAL(poll_files(&file, 1, 60), 0);
    EXPECT(now_ms() - start >= 60);
    EXPECT_EQUAL(poll_files(NULL, 0, 1), 0);

    child = fork();
    if (child == 0) {
        usleep(50000);
        _exit(write(ends.write, "x", 1) != 1);
    }
    EXPECT_EQUAL(poll_files(&file, 1, -1), 1);
    EXPECT_EQUAL(file.revents, POLLIN);
    waitpid(child, NULL, 0);
    close_pipe();
}

static void ppoll_takes_a_mask(void)
{
    struct __kernel_timespec limit = {.tv_sec = 10};
    uint64_t mask = 0, blocked = 1ul << (SIGUSR1 - 1);

    signals_seen = 0;
    handle(SIGUSR1, count_signal, 0);
    syscall(__NR_rt_sigprocmask, SIG_BLOCK, &blocked, NULL, 8);
    kill(getpid(), SIGUSR1);
    EXPECT_EQUAL(signals_seen, 0);
    EXPECT_ERROR(syscall(__NR_ppoll, NULL, 0, &limit, &mask, 8), EINTR);
    EXPECT_EQUAL(signals_seen, 1);
    kill(getpid(), SIGUSR1);
    EXPECT_EQUAL(signals_seen, 1); /* blocked again */
    EXPECT_ERROR(syscall(__NR_ppoll, NULL, 0, &limit, &mask, 4), EINVAL);
    limit.tv_nsec = 1000000000;
    EXPECT_ERROR(syscall(__NR_ppoll, NULL, 0, &limit, NULL, 8), EINVAL);
    syscall(__NR_rt_sigprocmask, SIG_UNBLOCK, &blocked, NULL, 8);
    EXPECT_EQUAL(signals_seen, 2);
}

static void selecting(void)
{
    uint64_t readable[2] = {0}, writable[2] = {0};
    struct __kernel_old_timeval none = {0};

    open_pipe(0);
    readable[0] = writable[0] = 1ul << ends.read | 1ul << ends.write;
    EXPECT_EQUAL(syscall(__NR_select, 64, readable, writable, NULL, &none), 1);
    EXPECT_EQUAL(readable[0], 0);
    EXPECT_EQUAL(writable[0], 1ul << ends.write);
    EXPECT_EQUAL(write(ends.write, "x", 1), 1);
    readable[0] = 1ul << ends.read;
    EXPECT_EQUAL(syscall(__NR_select, ends.read + 1, readable, NULL, NULL, NULL), 1);
    EXPECT_EQUAL(readable[0], 1ul << ends.read);
    EXPECT_EQUAL(syscall(__NR_select, ends.read, readable, NULL, NULL, &none), 0);
    close_pipe();
    readable[0] = 1ul << ends.read;
    EXPECT_ERROR(syscall(__NR_select, 64, readable, NULL, NULL, &none), EBADF);
    EXPECT_ERROR(syscall(__NR_select, -1, NULL, NULL, NULL, &none), EINVAL);
}

static const struct ktap_test tests[] = {
    {"a pipe ends when its writers are gone", end_of_file},
    {"writing to nobody is SIGPIPE and EPIPE", broken_pipe},
    {"a pipe holds 64 KiB, and O_NONBLOCK does not wait", not_waiting},
    {"4096 bytes go in as a whole or not at all", whole_writes},
    {"FIONREAD counts, and there is no seeking", counting},
    {"more than a pipe holds goes through it unchanged", through_a_child},
    {"a signal ends a read, or restarts it with SA_RESTART", interrupted},
    {"poll finds what holds of each end", polling},
    {"poll waits for its time or for an event", poll_waits},
    {"ppoll's mask holds for the time of the call", ppoll_takes_a_mask},
    {"select leaves in its sets what was found", selecting},
};

int main(void)
{
    probe_init();
    return ktap_run(tests, COUNT(tests), NULL);
}
