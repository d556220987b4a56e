// SPDX-License-Identifier: MIT
/*
 * Descriptors: dup and its kin, fcntl's flags, what fork and exec leave open, and locks on files.
 */
#include "tests/programs/show.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static char bytes[32];

static void duplicates(void)
{
    int fd = open("file", O_RDWR | O_CREAT, 0644);

    section("dup, dup2, dup3");
    SHOW(write(fd, "0123456789", 10));
    SHOW(dup2(fd, 50));
    SHOW(lseek(50, 3, SEEK_SET));
    SHOW(read(fd, bytes, 2));
    SHOW(lseek(50, 0, SEEK_CUR));
    SHOW(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
    SHOW(fcntl(50, F_GETFL) & (O_APPEND | O_NONBLOCK | O_ACCMODE));
    SHOW(fcntl(fd, F_SETFD, FD_CLOEXEC));
    SHOW(fcntl(50, F_GETFD));
    SHOW(dup2(fd, fd) == fd);
    SHOW(fcntl(fd, F_GETFD));
    SHOW(dup2(50, fd) == fd);
    SHOW(fcntl(fd, F_GETFD));
    SHOW(dup2(99, 51));
    SHOW(dup2(99, 99));
    SHOW(dup2(fd, -1));
    SHOW(dup2(fd, 1 << 30));
    SHOW(dup(99));
    SHOW(dup3(fd, 51, O_CLOEXEC));
    SHOW(fcntl(51, F_GETFD));
    SHOW(dup3(fd, fd, 0));
    SHOW(dup3(fd, 51, O_APPEND));
    SHOW(fcntl(fd, F_DUPFD, 60));
    SHOW(fcntl(fd, F_DUPFD, 60));
    SHOW(fcntl(fd, F_DUPFD_CLOEXEC, 60));
    SHOW(fcntl(62, F_GETFD));
    SHOW(fcntl(fd, F_DUPFD, -1));
    SHOW(fcntl(99, F_GETFD));
    SHOW(fcntl(fd, 9999));
    SHOW(fcntl(fd, F_SETFL, O_WRONLY | O_CREAT));
    SHOW(fcntl(fd, F_GETFL) & (O_APPEND | O_NONBLOCK | O_ACCMODE));
    SHOW(syscall(SYS_close_range, 60, 61, 0));
    SHOW(fcntl(60, F_GETFD));
    SHOW(fcntl(62, F_GETFD));
    SHOW(syscall(SYS_close_range, 62, 60, 0));
    SHOW(syscall(SYS_close_range, 50, ~0U, 4));
    SHOW(fcntl(50, F_GETFD));
    SHOW(syscall(SYS_close_range, 50, ~0U, 0));
    SHOW(fcntl(51, F_GETFD));
    SHOW(close(fd));
    SHOW(close(fd));
    SHOW(close(-1));
}

static void forks(void)
{
    int fd = open("file", O_RDONLY);

    section("one offset for parent and child");
    SHOW(read(fd, bytes, 2));
    SHOW_CHILD(_exit(read(fd, bytes, 3) != 3));
    SHOW(lseek(fd, 0, SEEK_CUR));
    SHOW_CHILD(close(fd));
    SHOW(read(fd, bytes, 1));
    SHOW(bytes[0]);
    SHOW(close(fd));
}

static struct flock lock_of(short type, off_t start, off_t length)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
}

static long set_lock(int fd, int type, off_t start, off_t length)
{
    struct flock lock = lock_of((short)type, start, length);

    return fcntl(fd, F_SETLK, &lock);
}

/* What F_GETLK says of a lock that a child asks for. */
static void ask(int fd, int type, off_t start, off_t length)
{
    pid_t parent = getpid();

    if (fork()) {
        wait(NULL);
        return;
    }
    struct flock lock = lock_of((short)type, start, length);
    int result = fcntl(fd, F_GETLK, &lock);

    if (lock.l_type == F_UNLCK)
        say("  F_GETLK %d: %d, free", type, result);
    else
        say("  F_GETLK %d: %d, type %d, %ld to %ld, %s", type, result, lock.l_type,
            (long)lock.l_start, (long)(lock.l_start + lock.l_len),
            lock.l_pid == parent ? "the parent's" : "another's");
    _exit(0);
}

static void record_locks(void)
{
    int fd = open("file", O_RDWR), other = open("file", O_RDONLY);

    section("fcntl locks");
    SHOW(set_lock(fd, F_WRLCK, 10, 10));
    SHOW(set_lock(fd, F_WRLCK, 10, 10));
    SHOW_CHILD(_exit(set_lock(fd, F_WRLCK, 15, 1) == -1 ? errno : 0));
    SHOW_CHILD(_exit(set_lock(fd, F_RDLCK, 19, 1) == -1 ? errno : 0));
    SHOW_CHILD(_exit(set_lock(fd, F_WRLCK, 20, 10) == -1 ? errno : 0));
    ask(fd, F_RDLCK, 0, 0);
    ask(fd, F_RDLCK, 0, 10);
    SHOW(set_lock(fd, F_RDLCK, 12, 2));
    ask(fd, F_RDLCK, 12, 2);
    ask(fd, F_WRLCK, 12, 2);
    SHOW(set_lock(fd, F_UNLCK, 10, 5));
    ask(fd, F_WRLCK, 0, 0);
    SHOW(set_lock(fd, F_RDLCK, 100, 0));
    ask(fd, F_WRLCK, 5000, 1);
    SHOW(set_lock(other, F_WRLCK, 0, 1));
    SHOW(set_lock(fd, F_RDLCK, -1, 1));
    SHOW(set_lock(fd, 77, 0, 1));
    SHOW(set_lock(99, F_RDLCK, 0, 1));
    SHOW(close(other));
    ask(fd, F_WRLCK, 0, 0);
    SHOW(set_lock(fd, F_WRLCK, 0, 0));
    SHOW_CHILD(_exit(0));
    pid_t pid = fork();
    if (!pid) {
        struct flock lock = lock_of(F_WRLCK, 0, 0);

        alarm(10);
        _exit(fcntl(fd, F_SETLKW, &lock) == 0 ? 7 : 8);
    }
    usleep(20000);
    SHOW(set_lock(fd, F_UNLCK, 0, 0));
    show_end("the child that waited", pid);
    SHOW(lockf(fd, F_TLOCK, 0));
    SHOW(lockf(fd, F_ULOCK, 0));
    SHOW(close(fd));
}

static void whole_locks(void)
{
    int fd = open("file", O_RDONLY), other = open("file", O_RDONLY);

    section("flock");
    SHOW(flock(fd, LOCK_SH));
    SHOW(flock(other, LOCK_SH | LOCK_NB));
    SHOW(flock(fd, LOCK_EX | LOCK_NB));
    SHOW(flock(other, LOCK_UN));
    SHOW(flock(fd, LOCK_EX | LOCK_NB));
    SHOW(flock(other, LOCK_SH | LOCK_NB));
    int twin = dup(fd);
    SHOW(close(fd));
    SHOW(flock(other, LOCK_EX | LOCK_NB));
    SHOW(close(twin));
    SHOW(flock(other, LOCK_EX | LOCK_NB));
    SHOW_CHILD(flock(other, LOCK_UN));
    fd = open("file", O_RDONLY);
    SHOW(flock(fd, LOCK_EX | LOCK_NB));
    SHOW(flock(fd, 77));
    SHOW(flock(99, LOCK_SH));
    SHOW(close(other));
    SHOW(close(fd));
}

static void across_exec(char *self)
{
    int kept = fcntl(1, F_DUPFD, 70), dropped = fcntl(1, F_DUPFD_CLOEXEC, 80);
    char first[8], second[8];

    section("exec");
    snprintf(first, sizeof(first), "%d", kept);
    snprintf(second, sizeof(second), "%d", dropped);
    pid_t pid = fork();
    if (!pid) {
        execl(self, self, first, second, NULL);
        _exit(127);
    }
    show_end("the program run again", pid);
}

static void ranges(void)
{
    int first = open("range", O_RDWR | O_CREAT, 0644), second = dup(first);

    section("close_range");
    SHOW(syscall(SYS_close_range, second, first, 0));
    SHOW(syscall(SYS_close_range, first, second, 1));
    SHOW(syscall(SYS_close_range, first, second, 4));
    SHOW(fcntl(second, F_GETFD));
    SHOW(syscall(SYS_close_range, first, second, 2));
    SHOW(fcntl(second, F_GETFD));
}

static void more_than_at_first(void)
{
    struct rlimit limit;

    section("more descriptors than at first");
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 1024;
    SHOW(setrlimit(RLIMIT_NOFILE, &limit));
    SHOW(dup2(0, 1023));
    SHOW(dup2(0, 1024));
    SHOW(fcntl(0, F_DUPFD, 1024));
    limit.rlim_cur = 4096;
    SHOW(setrlimit(RLIMIT_NOFILE, &limit));
    SHOW(dup2(0, 4095));
    SHOW(fcntl(0, F_DUPFD_CLOEXEC, 3000));
    SHOW(dup2(0, 4096));
    SHOW(access("/proc/self/fd/4095", F_OK));
    SHOW(syscall(SYS_close_range, 1023, ~0U, 0));
    SHOW(fcntl(4095, F_GETFD));
}

static void first_lock(void)
{
    int fd = open("file", O_RDWR);

    section("the first lock in the way");
    SHOW(set_lock(fd, F_WRLCK, 10, 10));
    SHOW(set_lock(fd, F_WRLCK, 40, 10));
    ask(fd, F_WRLCK, 0, 0);
    SHOW(set_lock(fd, F_RDLCK, 14, 2));
    ask(fd, F_WRLCK, 0, 0);
    ask(fd, F_WRLCK, 14, 0);
    ask(fd, F_RDLCK, 14, 0);
    SHOW(set_lock(fd, F_WRLCK, 0, 5));
    ask(fd, F_WRLCK, 0, 0);
    SHOW(set_lock(fd, F_UNLCK, 0, 12));
    ask(fd, F_WRLCK, 0, 0);
    SHOW(set_lock(fd, F_WRLCK, 11, 30));
    ask(fd, F_WRLCK, 0, 0);
    SHOW(close(fd));
}

/* Pipes and the like can be locked, too. */
static void locks_of_pipes(void)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int ends[2];

    section("locks of pipes");
    SHOW(pipe(ends));
    SHOW(flock(ends[0], LOCK_EX | LOCK_NB));
    SHOW(fcntl(ends[1], F_GETLK, &lock));
    SHOW(lock.l_type);
    lock.l_type = F_WRLCK;
    SHOW(fcntl(ends[0], F_SETLK, &lock));
    SHOW(fcntl(ends[1], F_SETLK, &lock));
    SHOW(close(ends[0]));
    SHOW(close(ends[1]));
}

static void flags_and_owner(void)
{
    int file = open("flags", O_RDWR | O_CREAT, 0644), directory = open(".", O_RDONLY);
    int null = open("/dev/null", O_RDWR), on = 1, off = 0;

    section("flags, and who is told");
    SHOW(fcntl(file, F_SETFL, O_APPEND | O_ASYNC));
    SHOW(fcntl(file, F_GETFL));
    SHOW(fcntl(directory, F_SETFL, O_DIRECT));
    SHOW(fcntl(null, F_SETFL, O_DIRECT));
    SHOW(open("/dev/null", O_RDONLY | O_DIRECT));
    SHOW(fcntl(file, F_GETOWN));
    SHOW(fcntl(file, F_GETSIG));
    SHOW(fcntl(file, F_GETLEASE));
    SHOW(fcntl(file, F_SETPIPE_SZ, 4096));
    SHOW(ioctl(file, FIOASYNC, &off));
    SHOW(ioctl(file, FIOASYNC, &on));
    SHOW(lseek(null, 5, SEEK_HOLE));
    SHOW(close(file));
    SHOW(close(directory));
    SHOW(close(null));
}

int main(int count, char **arguments)
{
    if (count == 3) {
        SHOW(fcntl(atoi(arguments[1]), F_GETFD));
        SHOW(fcntl(atoi(arguments[2]), F_GETFD));
        return 5;
    }
    umask(022);
    show_enter();
    duplicates();
    forks();
    record_locks();
    first_lock();
    whole_locks();
    ranges();
    more_than_at_first();
    locks_of_pipes();
    flags_and_owner();
    across_exec("/proc/self/exe");
    show_leave();
    return 0;
}
