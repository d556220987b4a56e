// SPDX-License-Identifier: MIT
/*
 * Descriptors of processes: made by pidfd_open() and by clone(), and what poll(), waitid(),
 * signals and pidfd_getfd() make of them before and after the process has ended.
 */
#include "tests/programs/show.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif
#define CLONE_PARENT_SETTID 0x00100000
#define CLONE_DETACHED      0x00400000
#define BY_PIDFD            ((idtype_t)3) /* P_PIDFD */
#define NOBODY              4194305       /* no pid is as large */

static int pidfd_open(pid_t pid, unsigned int flags)
{
    return (int)syscall(SYS_pidfd_open, pid, flags);
}

static int pidfd_send(int fd, int signal, siginfo_t *info, unsigned int flags)
{
    return (int)syscall(SYS_pidfd_send_signal, fd, signal, info, flags);
}

static int pidfd_getfd(int fd, int target, unsigned int flags)
{
    return (int)syscall(SYS_pidfd_getfd, fd, target, flags);
}

static pid_t sleeper(void)
{
    pid_t child = fork();

    if (!child)
        for (;;)
            pause();
    return child;
}

static void show_poll(int fd)
{
    struct pollfd poll_fd = {fd, POLLIN | POLLOUT, 0};
    int count = poll(&poll_fd, 1, 0);

    say("poll: %d%s%s", count, poll_fd.revents & POLLIN ? ", ended" : "",
        poll_fd.revents & POLLHUP ? ", waited for" : "");
}

static void *tell_tid(void *argument)
{
    *(pid_t *)argument = (pid_t)syscall(SYS_gettid);
    SHOW(pidfd_open(*(pid_t *)argument, 0));
    return NULL;
}

static void opening(void)
{
    int fd = pidfd_open(getpid(), 0), again = pidfd_open(getpid(), O_NONBLOCK);
    struct stat status, other;
    pthread_t thread;
    pid_t tid;

    section("opening");
    SHOW(fd >= 0);
    SHOW(fcntl(fd, F_GETFD));
    SHOW(fcntl(fd, F_GETFL));
    SHOW(fcntl(again, F_GETFL) == (O_RDWR | O_NONBLOCK));
    SHOW(fstat(fd, &status) || fstat(again, &other));
    SHOW(status.st_mode);
    SHOW(status.st_ino == other.st_ino);
    SHOW(read(fd, &status, 1));
    SHOW(write(fd, &status, 1));
    SHOW(lseek(fd, 0, SEEK_SET));
    SHOW(pidfd_open(0, 0));
    SHOW(pidfd_open(-1, 0));
    SHOW(pidfd_open(NOBODY, 0));
    SHOW(pidfd_open(getpid(), 1));
    pthread_create(&thread, NULL, tell_tid, &tid);
    pthread_join(thread, NULL);
    SHOW(close(fd) || close(again));
}

static void waiting(void)
{
    pid_t child = sleeper();
    int fd = pidfd_open(child, 0), impatient = pidfd_open(child, O_NONBLOCK);
    siginfo_t info;

    section("waiting");
    show_poll(fd);
    SHOW(waitid(BY_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG));
    SHOW(waitid(BY_PIDFD, (id_t)impatient, &info, WEXITED));
    SHOW(waitid(BY_PIDFD, 99, &info, WEXITED));
    SHOW(waitid(BY_PIDFD, 0, &info, WEXITED));
    SHOW(pidfd_send(fd, SIGKILL, NULL, 0));
    SHOW(poll(&(struct pollfd){fd, POLLIN, 0}, 1, 10000));
    show_poll(fd);
    SHOW(pidfd_send(fd, 0, NULL, 0));
    SHOW(waitid(BY_PIDFD, (id_t)fd, &info, WEXITED));
    SHOW(info.si_pid == child);
    SHOW(info.si_status);
    show_poll(fd);
    SHOW(waitid(BY_PIDFD, (id_t)fd, &info, WEXITED));
    SHOW(waitid(BY_PIDFD, (id_t)impatient, &info, WEXITED));
    SHOW(pidfd_send(fd, 0, NULL, 0));
    SHOW(pidfd_getfd(fd, 0, 0));
    SHOW(pidfd_open(child, 0));
    SHOW(close(fd) || close(impatient));
}

static void sending(void)
{
    pid_t child = sleeper();
    int fd = pidfd_open(child, 0);
    siginfo_t info = {.si_signo = SIGTERM, .si_code = SI_QUEUE};

    section("sending");
    SHOW(pidfd_send(fd, 65, NULL, 0));
    SHOW(pidfd_send(0, 0, NULL, 0));
    SHOW(pidfd_send(99, 0, NULL, 0));
    SHOW(pidfd_send(fd, 0, NULL, 1));
    SHOW(pidfd_send(fd, 0, NULL, 2));
    SHOW(pidfd_send(fd, 0, NULL, 4));
    SHOW(pidfd_send(fd, 0, NULL, 8));
    SHOW(pidfd_send(fd, 0, NULL, 3));
    SHOW(pidfd_send(fd, 0, &info, 0));
    SHOW(pidfd_send(fd, 0, (siginfo_t *)nowhere + 1, 0));
    info.si_code = SI_USER;
    SHOW(pidfd_send(fd, SIGTERM, &info, 0));
    info.si_code = SI_TKILL;
    SHOW(pidfd_send(fd, SIGTERM, &info, 0));
    info.si_code = SI_QUEUE;
    SHOW(pidfd_send(fd, SIGTERM, &info, 0));
    show_end("the child", child);
    SHOW(close(fd));
}

static void taking(void)
{
    int pipe_fds[2];
    pid_t child;
    char byte = 0;

    section("taking descriptors");
    if (pipe(pipe_fds))
        return;
    child = sleeper();
    close(pipe_fds[1]);
    int fd = pidfd_open(child, 0);
    int taken = pidfd_getfd(fd, pipe_fds[1], 0);
    SHOW(taken >= 0);
    SHOW(fcntl(taken, F_GETFD));
    SHOW(write(taken, "x", 1));
    SHOW(read(pipe_fds[0], &byte, 1));
    SHOW(byte);
    SHOW(pidfd_getfd(fd, pipe_fds[1], 1));
    SHOW(pidfd_getfd(fd, 999, 0));
    SHOW(pidfd_getfd(taken, 0, 0));
    SHOW(pidfd_send(fd, SIGKILL, NULL, 0));
    show_end("the child", child);
    SHOW(close(fd) || close(taken) || close(pipe_fds[0]));
}

static long clone_with(unsigned long flags, int *fd)
{
    long child = syscall(SYS_clone, flags | SIGCHLD, 0, fd, 0, 0);

    if (!child)
        _exit(7);
    return child;
}

static void cloning(void)
{
    int fd = -1;
    long child = clone_with(CLONE_PIDFD, &fd);
    siginfo_t info;

    section("made with the process");
    SHOW(child > 0);
    SHOW(fcntl(fd, F_GETFD));
    SHOW(waitid(BY_PIDFD, (id_t)fd, &info, WEXITED));
    SHOW(info.si_pid == child);
    SHOW(info.si_status);
    SHOW(close(fd));
    SHOW(clone_with(CLONE_PIDFD | CLONE_PARENT_SETTID, &fd));
    SHOW(clone_with(CLONE_PIDFD | CLONE_DETACHED, &fd));
    SHOW(clone_with(CLONE_PIDFD, (int *)nowhere + 1));
    SHOW(wait(NULL));
}

int main(void)
{
    opening();
    waiting();
    sending();
    taking();
    cloning();
    return 0;
}
