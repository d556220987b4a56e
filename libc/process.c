// SPDX-License-Identifier: MIT
// Processes, the scheduler and clocks.

#include <unistd.h>

#include <errno.h>
#include <latchkey/vdso.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "libc/internal.h"

pid_t getpid(void)
{
    return (pid_t)syscall(__NR_getpid);
}

pid_t getppid(void)
{
    return (pid_t)syscall(__NR_getppid);
}

int execve(const char *path, char *const arguments[], char *const environment[])
{
    return (int)syscall(__NR_execve, path, arguments, environment);
}

pid_t wait4(pid_t process, int *status, int options, struct rusage *usage)
{
    return (pid_t)syscall(__NR_wait4, process, status, options, usage);
}

pid_t waitpid(pid_t process, int *status, int options)
{
    return wait4(process, status, options, NULL);
}

int prctl(int option, ...)
{
    unsigned long more[4];
    va_list arguments;

    va_start(arguments, option);
    for (int i = 0; i < 4; i++)
        more[i] = va_arg(arguments, unsigned long);
    va_end(arguments);
    return (int)syscall(__NR_prctl, option, more[0], more[1], more[2], more[3]);
}

int sched_yield(void)
{
    return (int)syscall(__NR_sched_yield);
}

typedef int (*clock_function_t)(clockid_t clock, struct timespec *now);

static int clock_by_call(clockid_t clock, struct timespec *now)
{
    return (int)syscall(__NR_clock_gettime, clock, now);
}

/* By the vDSO if there is one. Threads that look for it at once find the same. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
    static clock_function_t function;

    if (!function) {
        void *found = vdso_function(VDSO_LINUX, "__vdso_clock_gettime");
        function = found ? (clock_function_t)(uintptr_t)found : clock_by_call;
    }
    return (int)libc_result(function(clock, now));
}

int nanosleep(const struct timespec *duration, struct timespec *left)
{
    return (int)syscall(__NR_nanosleep, duration, left);
}

int usleep(unsigned int microseconds)
{
    struct timespec duration = {
        .tv_sec = microseconds / 1000000,
        .tv_nsec = microseconds % 1000000 * 1000,
    };

    return nanosleep(&duration, NULL);
}

long sysconf(int name)
{
    if (name == _SC_PAGESIZE)
        return getpagesize();
    errno = EINVAL;
    return -1;
}
