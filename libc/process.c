// SPDX-License-Identifier: MIT
// Processes, the scheduler and clocks.

#include <unistd.h>

#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

pid_t getpid(void)
{
    return (pid_t)syscall(__NR_getpid);
}

pid_t getppid(void)
{
    return (pid_t)syscall(__NR_getppid);
}

pid_t getpgrp(void)
{
    return (pid_t)syscall(__NR_getpgrp);
}

int setpgid(pid_t process, pid_t group)
{
    return (int)syscall(__NR_setpgid, process, group);
}

pid_t tcgetpgrp(int terminal)
{
    pid_t group;

    return ioctl(terminal, TIOCGPGRP, &group) < 0 ? -1 : group;
}

int tcsetpgrp(int terminal, pid_t group)
{
    return ioctl(terminal, TIOCSPGRP, &group);
}

pid_t fork(void)
{
    return (pid_t)syscall(__NR_fork);
}

int execve(const char *path, char *const arguments[], char *const environment[])
{
    return (int)syscall(__NR_execve, path, arguments, environment);
}

int execv(const char *path, char *const arguments[])
{
    return execve(path, arguments, environ);
}

pid_t wait4(pid_t process, int *status, int options, struct rusage *usage)
{
    return (pid_t)syscall(__NR_wait4, process, status, options, usage);
}

pid_t waitpid(pid_t process, int *status, int options)
{
    return wait4(process, status, options, NULL);
}

pid_t wait(int *status)
{
    return waitpid(-1, status, 0);
}

int prctl(int operation, ...)
{
    va_list list;
    unsigned long arguments[4];

    va_start(list, operation);
    for (int i = 0; i < 4; i++)
        arguments[i] = va_arg(list, unsigned long);
    va_end(list);
    return (int)syscall(__NR_prctl, operation, arguments[0], arguments[1], arguments[2],
                        arguments[3]);
}

int sched_yield(void)
{
    return (int)syscall(__NR_sched_yield);
}

int sched_getcpu(void)
{
    unsigned int cpu;

    return syscall(__NR_getcpu, &cpu, NULL, NULL) < 0 ? -1 : (int)cpu;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    return (int)syscall(__NR_clock_gettime, clock, now);
}

time_t time(time_t *result)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_REALTIME, &now);
    if (result != NULL)
        *result = now.tv_sec;
    return now.tv_sec;
}

int nanosleep(const struct timespec *duration, struct timespec *left)
{
    return (int)syscall(__NR_nanosleep, duration, left);
}

unsigned int sleep(unsigned int seconds)
{
    struct timespec duration = {.tv_sec = seconds};

    return nanosleep(&duration, &duration) == 0 ? 0 : (unsigned int)duration.tv_sec;
}

int usleep(unsigned int microseconds)
{
    struct timespec duration = {
        .tv_sec = microseconds / 1000000,
        .tv_nsec = microseconds % 1000000 * 1000,
    };

    return nanosleep(&duration, NULL);
}

unsigned int alarm(unsigned int seconds)
{
    return (unsigned int)syscall(__NR_alarm, seconds);
}

static int online_processors(void)
{
    unsigned long mask[16] = {0};
    long size = syscall(__NR_sched_getaffinity, 0, sizeof(mask), mask);
    int count = 0;

    for (unsigned int i = 0; size > 0 && i < sizeof(mask) / sizeof(mask[0]); i++) {
        for (unsigned long left = mask[i]; left != 0; left &= left - 1)
            count++;
    }
    return count;
}

long sysconf(int name)
{
    switch (name) {
    case _SC_PAGESIZE:
        return getpagesize();
    case _SC_NPROCESSORS_ONLN:
        return online_processors();
    default:
        errno = EINVAL;
        return -1;
    }
}
