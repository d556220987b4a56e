// SPDX-License-Identifier: MIT
/*
 * System calls that a signal interrupts: with SA_RESTART and without, by handlers, stops and
 * signals that do nothing.
 */
#include "tests/programs/show.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

static volatile int *handled; /* shared with the children */
static int ends[2];

static void note(int number)
{
    (void)number;
    ++*handled;
}

static void handle(int flags)
{
    struct sigaction action = {.sa_handler = note, .sa_flags = flags};

    sigaction(SIGALRM, &action, NULL);
    *handled = 0;
}

static void signal_after(int milliseconds)
{
    struct itimerval timer = {.it_value = {0, milliseconds * 1000}};

    setitimer(ITIMER_REAL, &timer, NULL);
}

static void wait_until_asleep(pid_t pid)
{
    char path[64], stat[64];
    const char *end_of_name = NULL;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    while (!end_of_name || end_of_name[2] != 'S') {
        int file = open(path, O_RDONLY);
        ssize_t got = read(file, stat, sizeof(stat) - 1);

        close(file);
        stat[got > 0 ? got : 0] = 0;
        end_of_name = strrchr(stat, ')');
        usleep(1000);
    }
}

/* In a child: its parent's call is interrupted once, and sleeps again if it goes on. */
static void interrupt_parent(pid_t parent, int flags)
{
    wait_until_asleep(parent);
    kill(parent, SIGALRM);
    while (!*handled)
        usleep(1000);
    if (flags & SA_RESTART)
        wait_until_asleep(parent);
}

static void reap(void)
{
    while (wait(NULL) > 0 || errno == EINTR)
        ;
}

static void reads(const char *what, int flags)
{
    pid_t self = getpid();
    char byte;

    handle(flags);
    if (fork() == 0) {
        interrupt_parent(self, flags);
        _exit(write(ends[1], "x", 1) == 1 ? 0 : 1);
    }
    section(what);
    SHOW(read(ends[0], &byte, 1));
    SHOW(*handled); /* handlers run */
    reap();
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    (void)!read(ends[0], &byte, 1);
    fcntl(ends[0], F_SETFL, 0);
}

static void writes(const char *what, int flags)
{
    static char much[65536];
    pid_t self = getpid();
    int full[2];

    handle(flags);
    (void)!pipe(full);
    (void)!write(full[1], much, sizeof(much));
    if (fork() == 0) {
        interrupt_parent(self, flags);
        (void)!read(full[0], much, sizeof(much));
        _exit(0);
    }
    section(what);
    SHOW(write(full[1], "y", 1));
    SHOW(*handled); /* handlers run */
    reap();
    close(full[0]);
    close(full[1]);
}

static void part_written(void)
{
    static char much[200000];
    int pipes[2];

    handle(SA_RESTART);
    (void)!pipe(pipes);
    signal_after(30);
    SHOW(write(pipes[1], much, sizeof(much))); /* of 200000 bytes into a pipe of 65536 */
    close(pipes[0]);
    close(pipes[1]);
}

static void waits(const char *what, int flags)
{
    pid_t self = getpid();
    int status;

    handle(flags);
    pid_t pid = fork();
    if (pid == 0) {
        interrupt_parent(self, flags);
        _exit(5);
    }
    section(what);
    SHOW(waitpid(pid, &status, 0) == pid);
    SHOW(*handled); /* handlers run */
    reap();
}

/* These are never made again by themselves, whatever the flags. */
static void never_restarted(int flags)
{
    struct pollfd descriptor = {.fd = ends[0], .events = POLLIN};
    struct timeval time = {1, 0};
    struct timespec long_time = {1, 0}, left = {9, 9};
    fd_set set;

    handle(flags);
    signal_after(30);
    SHOW(poll(&descriptor, 1, 1000));
    signal_after(30);
    FD_ZERO(&set);
    FD_SET(ends[0], &set);
    SHOW(select(ends[0] + 1, &set, NULL, NULL, &time));
    signal_after(30);
    SHOW(ppoll(&descriptor, 1, &long_time, NULL));
    signal_after(30);
    SHOW(nanosleep(&long_time, &left));
    SHOW(left.tv_sec == 0 && left.tv_nsec > 700000000); /* what is left is told */
    signal_after(30);
    left.tv_sec = 9;
    SHOW(clock_nanosleep(CLOCK_MONOTONIC, 0, &long_time, &left));
    SHOW(left.tv_sec == 0 && left.tv_nsec > 700000000); /* what is left is told */
    clock_gettime(CLOCK_MONOTONIC, &long_time);
    long_time.tv_sec++;
    left.tv_sec = 9;
    signal_after(30);
    SHOW(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &long_time, &left));
    SHOW(left.tv_sec); /* what is left is not told */
    signal_after(30);
    SHOW(pause());
    SHOW(*handled); /* handlers run */
}

static long passed_since(const struct timespec *then)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - then->tv_sec) * 1000 + (now.tv_nsec - then->tv_nsec) / 1000000;
}

/* Signals without a handler, and a stop, interrupt nothing that a program sees. */
static void not_seen(void)
{
    struct timespec then, time = {0, 150000000};
    struct pollfd descriptor = {.fd = ends[0], .events = POLLIN};
    pid_t self = getpid();

    signal(SIGALRM, SIG_IGN);
    if (fork() == 0) {
        for (int i = 0; i < 3; i++) {
            usleep(10000);
            kill(self, SIGALRM);
            kill(self, SIGWINCH);
            kill(self, SIGSTOP);
            usleep(10000);
            kill(self, SIGCONT);
        }
        _exit(0);
    }
    clock_gettime(CLOCK_MONOTONIC, &then);
    SHOW(nanosleep(&time, NULL)); /* through stops */
    long passed = passed_since(&then);
    SHOW(passed >= 149 && passed < 1500); /* took its time */
    reap();
    if (fork() == 0) {
        usleep(10000);
        kill(self, SIGSTOP);
        usleep(10000);
        kill(self, SIGCONT);
        _exit(0);
    }
    clock_gettime(CLOCK_MONOTONIC, &then);
    SHOW(poll(&descriptor, 1, 150)); /* through a stop */
    passed = passed_since(&then);
    SHOW(passed >= 149 && passed < 1500); /* took its time */
    reap();
    if (fork() == 0) {
        usleep(10000);
        kill(self, SIGSTOP);
        usleep(10000);
        kill(self, SIGCONT);
        usleep(50000);
        _exit(write(ends[1], "x", 1) == 1 ? 0 : 1);
    }
    char byte;
    SHOW(read(ends[0], &byte, 1)); /* through a stop */
    reap();
}

/* A stopped program's signals wait, and the sleep that they interrupt counts the stop. */
static void handled_after_stop(void)
{
    struct timespec then, time = {0, 100000000}, left = {9, 9};
    pid_t self = getpid();

    handle(0);
    if (fork() == 0) {
        usleep(10000);
        kill(self, SIGSTOP);
        kill(self, SIGALRM);
        usleep(150000);
        kill(self, SIGCONT);
        _exit(0);
    }
    clock_gettime(CLOCK_MONOTONIC, &then);
    SHOW(nanosleep(&time, &left)); /* nanosleep, stopped beyond its end, then a handler */
    say("handlers run %d, left %ld s", *handled, (long)left.tv_sec);
    reap();
}

/* The time that poll() is given goes on while it is stopped. */
static void stopped_beyond_its_end(void)
{
    struct pollfd descriptor = {.fd = ends[0], .events = POLLIN};
    struct timespec then;
    pid_t self = getpid();

    if (fork() == 0) {
        usleep(10000);
        kill(self, SIGSTOP);
        usleep(1000000);
        kill(self, SIGCONT);
        _exit(0);
    }
    clock_gettime(CLOCK_MONOTONIC, &then);
    SHOW(poll(&descriptor, 1, 900));  /* poll, stopped beyond its end */
    SHOW(passed_since(&then) < 1800); /* it ends with the stop */
    reap();
}

int main(void)
{
    handled =
        mmap(NULL, sizeof(*handled), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    (void)!pipe(ends);
    reads("read, SA_RESTART", SA_RESTART);
    reads("read", 0);
    writes("write, SA_RESTART", SA_RESTART);
    writes("write", 0);
    part_written();
    waits("waitpid, SA_RESTART", SA_RESTART);
    waits("waitpid", 0);
    never_restarted(0);
    never_restarted(SA_RESTART);
    in_child("not seen", not_seen);
    in_child("after a stop", handled_after_stop);
    in_child("longer than its time", stopped_beyond_its_end);
    return 0;
}
