// SPDX-License-Identifier: MIT
/*
 * Pipes and FIFOs: how much they hold, when they block, how they end, and SIGPIPE.
 */
#include "tests/programs/show.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>

static char bytes[70000];
static volatile sig_atomic_t caught;

static void note(int signal)
{
    caught = signal;
}

static void amounts(void)
{
    int ends[2], count;

    section("amounts");
    SHOW(pipe2(ends, O_NONBLOCK));
    SHOW(read(ends[0], bytes, 10));
    SHOW(write(ends[1], bytes, 70000));
    SHOW(write(ends[1], bytes, 1));
    SHOW(ioctl(ends[0], FIONREAD, &count));
    SHOW(count);
    SHOW(read(ends[0], bytes, 8192));
    SHOW(write(ends[1], bytes, 4096));
    SHOW(write(ends[1], bytes, 4097));
    SHOW(write(ends[1], bytes, 1));
    int total = 0, part;
    while ((part = (int)read(ends[0], bytes, sizeof(bytes))) > 0)
        total += part;
    SHOW(total);
    SHOW(write(ends[1], bytes, 0));
    SHOW(read(ends[0], bytes, 0));
    SHOW(fcntl(ends[0], F_GETPIPE_SZ));
    SHOW(close(ends[0]));
    SHOW(close(ends[1]));
}

static void ends_and_errors(void)
{
    int ends[2];

    section("ends");
    SHOW(pipe2(ends, 0x10));
    SHOW(pipe(ends));
    SHOW(write(ends[0], "x", 1));
    SHOW(read(ends[1], bytes, 1));
    SHOW(lseek(ends[0], 0, SEEK_SET));
    SHOW(pread(ends[0], bytes, 1, 0));
    SHOW(pwrite(ends[1], bytes, 1, 0));
    SHOW(ftruncate(ends[1], 0));
    SHOW(write(ends[1], "last", 4));
    SHOW(close(ends[1]));
    SHOW(read(ends[0], bytes, 2));
    SHOW(read(ends[0], bytes, 10));
    SHOW(read(ends[0], bytes, 10));
    SHOW(close(ends[0]));
    SHOW(pipe(ends));
    SHOW(close(ends[0]));
    signal(SIGPIPE, note);
    SHOW(write(ends[1], "x", 1));
    SHOW(caught);
    SHOW(write(ends[1], "x", 0));
    signal(SIGPIPE, SIG_IGN);
    SHOW(write(ends[1], "x", 1));
    signal(SIGPIPE, SIG_DFL);
    SHOW_CHILD(write(ends[1], "x", 1));
    SHOW(close(ends[1]));
}

/* The bytes stay, in their order, whatever the size and wherever in the ring they lie. */
static void sizes(void)
{
    static char pattern[20000], back[20000];
    int ends[2];

    section("sizes");
    for (size_t i = 0; i < sizeof(pattern); i++)
        pattern[i] = (char)(i * 7 + i / 256);
    SHOW(pipe2(ends, O_NONBLOCK));
    SHOW(fcntl(ends[0], F_SETPIPE_SZ, 1));
    SHOW(fcntl(ends[1], F_GETPIPE_SZ));
    SHOW(write(ends[1], pattern, sizeof(pattern)));
    SHOW(write(ends[1], pattern, 1));
    SHOW(fcntl(ends[1], F_SETPIPE_SZ, 30000));
    SHOW(write(ends[1], pattern + 4096, 15000));
    SHOW(read(ends[0], back, 5000));
    SHOW(fcntl(ends[1], F_SETPIPE_SZ, 8192));
    SHOW(fcntl(ends[1], F_SETPIPE_SZ, 16384));
    SHOW(read(ends[0], back + 5000, sizeof(back) - 5000));
    SHOW(memcmp(pattern, back, 19096));
    SHOW(fcntl(ends[1], F_SETPIPE_SZ, -1));
    SHOW(fcntl(ends[1], F_SETPIPE_SZ, 1 << 20));
    SHOW(close(ends[0]));
    SHOW(close(ends[1]));
}

static void through_a_child(void)
{
    int ends[2];
    long sum = 0, total = 0, count;
    pid_t pid;

    section("a megabyte from a child");
    SHOW(pipe(ends));
    pid = fork();
    if (!pid) {
        close(ends[0]);
        for (int i = 0; i < 250; i++) {
            memset(bytes, i, 4200);
            if (write(ends[1], bytes, 4200) != 4200)
                _exit(1);
        }
        _exit(0);
    }
    close(ends[1]);
    while ((count = read(ends[0], bytes, 3000)) > 0) {
        for (long i = 0; i < count; i++)
            sum += (unsigned char)bytes[i];
        total += count;
    }
    SHOW(total);
    SHOW(sum);
    show_end("the child", pid);
    close(ends[0]);
}

static void interrupted(void)
{
    int ends[2];
    struct sigaction action = {.sa_handler = note};

    section("a signal while reading");
    SHOW(pipe(ends));
    sigaction(SIGALRM, &action, NULL);
    ualarm(20000, 0);
    SHOW(read(ends[0], bytes, 1));
    action.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &action, NULL);
    ualarm(20000, 0);
    pid_t pid = fork();
    if (!pid) {
        usleep(60000);
        _exit(write(ends[1], "r", 1) != 1);
    }
    SHOW(read(ends[0], bytes, 1));
    show_end("the child", pid);
    section("a signal while writing");
    action.sa_flags = 0;
    sigaction(SIGALRM, &action, NULL);
    ualarm(20000, 0);
    SHOW(write(ends[1], bytes, 70000));
    close(ends[0]);
    close(ends[1]);
}

static void blocking_write(void)
{
    int ends[2];

    section("a write that waits for a reader");
    SHOW(pipe(ends));
    pid_t pid = fork();
    if (!pid) {
        long total = 0;

        close(ends[1]);
        for (long count; (count = read(ends[0], bytes, 10000)) > 0;)
            total += count;
        _exit(total == 70000 + 3 * 5 ? 0 : 1);
    }
    close(ends[0]);
    struct iovec parts[3] = {{"12345", 5}, {"abcde", 5}, {"ABCDE", 5}};
    SHOW(write(ends[1], bytes, 70000));
    SHOW(writev(ends[1], parts, 3));
    SHOW(close(ends[1]));
    show_end("the child", pid);
}

static void fifos(void)
{
    section("FIFOs");
    SHOW(mkfifo("fifo", 0600));
    SHOW(open("fifo", O_WRONLY | O_NONBLOCK));
    int reader = open("fifo", O_RDONLY | O_NONBLOCK);
    SHOW(reader >= 0);
    SHOW(read(reader, bytes, 10));
    int writer = open("fifo", O_WRONLY | O_NONBLOCK);
    SHOW(writer >= 0);
    SHOW(read(reader, bytes, 10));
    SHOW(write(writer, "through", 7));
    SHOW(read(reader, bytes, 10));
    SHOW(lseek(reader, 0, SEEK_SET));
    struct stat status;
    SHOW(fstat(reader, &status));
    say("%o", status.st_mode);
    SHOW(write(writer, "kept", 4));
    SHOW(close(writer));
    SHOW(read(reader, bytes, 10));
    SHOW(read(reader, bytes, 10));
    SHOW(close(reader));
    int both = open("fifo", O_RDWR);
    SHOW(both >= 0);
    SHOW(write(both, "self", 4));
    SHOW(read(both, bytes, 10));
    SHOW(close(both));
    pid_t pid = fork();
    if (!pid) {
        writer = open("fifo", O_WRONLY);
        _exit(write(writer, "blocked", 7) != 7);
    }
    reader = open("fifo", O_RDONLY);
    SHOW(read(reader, bytes, 10));
    SHOW(read(reader, bytes, 10));
    show_end("the child", pid);
    SHOW(close(reader));
    SHOW(truncate("fifo", 0));
    SHOW(unlink("fifo"));
}

int main(void)
{
    show_enter();
    amounts();
    sizes();
    ends_and_errors();
    through_a_child();
    interrupted();
    blocking_write();
    fifos();
    show_leave();
    return 0;
}
