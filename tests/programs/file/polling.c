// SPDX-License-Identifier: MIT
/*
 * poll, ppoll, select and pselect: what is ready when, for pipes, files and what is none; time
 * limits and signals.
 */
#include "tests/programs/show.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

static volatile sig_atomic_t caught;

static void note(int signal)
{
    caught = signal;
}

/* One descriptor: what poll() answers and what it found. */
static void ask(const char *what, int fd, short events)
{
    struct pollfd one = {.fd = fd, .events = events, .revents = 0x7f};
    int result = poll(&one, 1, 0);

    say("%s: %d, %s%s%s%s%s%s%x", what, result, one.revents & POLLIN ? "IN " : "",
        one.revents & POLLOUT ? "OUT " : "", one.revents & POLLHUP ? "HUP " : "",
        one.revents & POLLERR ? "ERR " : "", one.revents & POLLNVAL ? "NVAL " : "",
        one.revents & POLLPRI ? "PRI " : "", (unsigned int)one.revents);
}

static void kinds(void)
{
    static char bytes[65536];
    int ends[2], file = open("file", O_RDWR | O_CREAT, 0644), directory = open(".", O_RDONLY);

    section("what is ready");
    ask("a file", file, POLLIN | POLLOUT | POLLPRI);
    ask("a file, by other names", file, POLLRDNORM | POLLWRNORM | POLLRDHUP);
    ask("a directory", directory, POLLIN | POLLOUT);
    ask("no descriptor", 99, POLLIN);
    ask("less than none", -1, POLLIN);
    ask("/dev/null", open("/dev/null", O_RDWR), POLLIN | POLLOUT);
    ask("O_PATH", open(".", O_PATH), POLLIN);
    SHOW(pipe2(ends, O_NONBLOCK));
    ask("an empty pipe", ends[0], POLLIN | POLLOUT);
    ask("its other end", ends[1], POLLIN | POLLOUT);
    SHOW(write(ends[1], "x", 1));
    ask("a byte in the pipe", ends[0], POLLIN);
    ask("nothing asked", ends[0], 0);
    SHOW(write(ends[1], bytes, sizeof(bytes)) > 50000);
    ask("a full pipe", ends[1], POLLOUT);
    SHOW(close(ends[1]));
    ask("bytes, no writer", ends[0], POLLIN);
    while (read(ends[0], bytes, sizeof(bytes)) > 0)
        ;
    ask("no bytes, no writer", ends[0], POLLIN);
    SHOW(close(ends[0]));
    SHOW(pipe(ends));
    SHOW(close(ends[0]));
    ask("no reader", ends[1], POLLOUT);
    SHOW(close(ends[1]));
    close(file);
    close(directory);
}

static long milliseconds(const struct timespec *since)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000;
}

static void waits(void)
{
    int ends[2];
    struct timespec start;

    section("waits");
    SHOW(pipe(ends));
    struct pollfd one = {.fd = ends[0], .events = POLLIN};
    clock_gettime(CLOCK_MONOTONIC, &start);
    SHOW(poll(&one, 1, 30));
    SHOW(milliseconds(&start) >= 30);
    SHOW(poll(NULL, 0, 1));
    SHOW(poll(nowhere, 1, 0));
    SHOW(syscall(SYS_poll, &one, 1 << 30, 0));
    struct timespec limit = {0, 10000000}, bad = {0, 1000000000}, negative = {-1, 0};
    SHOW(ppoll(&one, 1, &limit, NULL));
    SHOW(syscall(SYS_ppoll, &one, 1, &bad, NULL, 8));
    SHOW(syscall(SYS_ppoll, &one, 1, &negative, NULL, 8));
    SHOW(syscall(SYS_ppoll, &one, 1, &limit, &bad, 5));
    if (!fork()) {
        usleep(30000);
        _exit(write(ends[1], "x", 1) != 1);
    }
    SHOW(poll(&one, 1, -1));
    SHOW(one.revents);
    SHOW(wait(NULL) > 0);
    section("signals");
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    one.events = 0;
    ualarm(20000, 0);
    SHOW(poll(&one, 1, 5000));
    SHOW(caught);
    sigset_t blocked, empty;
    sigemptyset(&empty);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGALRM);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    caught = 0;
    raise(SIGALRM);
    limit.tv_nsec = 20000000;
    SHOW(ppoll(&one, 1, &limit, NULL));
    SHOW(caught);
    limit.tv_sec = 5;
    SHOW(ppoll(&one, 1, &limit, &empty));
    SHOW(caught);
    raise(SIGALRM);
    SHOW(pselect(0, NULL, NULL, NULL, &limit, &empty));
    sigprocmask(SIG_UNBLOCK, &blocked, NULL);
    close(ends[0]);
    close(ends[1]);
}

static void sets(void)
{
    int ends[2], others[2];
    fd_set readable, writable, odd;
    struct timeval limit = {0, 10000};

    section("select");
    SHOW(pipe(ends));
    SHOW(pipe(others));
    SHOW(write(ends[1], "x", 1));
    FD_ZERO(&readable);
    FD_ZERO(&writable);
    FD_ZERO(&odd);
    FD_SET(ends[0], &readable);
    FD_SET(others[0], &readable);
    FD_SET(ends[1], &writable);
    FD_SET(others[1], &odd);
    SHOW(select(others[1] + 1, &readable, &writable, &odd, NULL));
    say("%d %d %d %d", !!FD_ISSET(ends[0], &readable), !!FD_ISSET(others[0], &readable),
        !!FD_ISSET(ends[1], &writable), !!FD_ISSET(others[1], &odd));
    FD_ZERO(&readable);
    FD_SET(others[0], &readable);
    SHOW(select(others[0] + 1, &readable, NULL, NULL, &limit));
    say("%d, time left %d", !!FD_ISSET(others[0], &readable), (int)limit.tv_sec);
    FD_SET(others[0], &readable);
    SHOW(select(0, &readable, NULL, NULL, &(struct timeval){0, 0}));
    SHOW(select(-1, NULL, NULL, NULL, NULL));
    SHOW(syscall(SYS_select, 1, NULL, NULL, NULL, &(struct timeval){-1, 0}));
    FD_ZERO(&readable);
    FD_SET(60, &readable);
    SHOW(select(61, &readable, NULL, NULL, NULL));
    SHOW(close(others[1]));
    FD_ZERO(&readable);
    FD_SET(others[0], &readable);
    SHOW(select(others[0] + 1, &readable, NULL, NULL, NULL));
    SHOW(close(ends[0]));
    FD_ZERO(&writable);
    FD_SET(ends[1], &writable);
    SHOW(select(ends[1] + 1, NULL, &writable, NULL, NULL));
}

int main(void)
{
    show_enter();
    kinds();
    waits();
    sets();
    show_leave();
    return 0;
}
