// SPDX-License-Identifier: MIT
// Signals. A handler's way back is libc_signal_return, which the kernel is told with each handler.

#include <signal.h>

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libc/internal.h"

#define KERNEL_SET_SIZE sizeof(sigset_t)

int sigaction(int number, const struct sigaction *restrict action, struct sigaction *restrict old)
{
    struct kernel_sigaction new_kernel, old_kernel;

    if (action != NULL) {
        new_kernel.sa_handler = action->sa_handler;
        new_kernel.sa_flags = (unsigned int)action->sa_flags | SA_RESTORER;
        new_kernel.sa_restorer = libc_signal_return;
        new_kernel.sa_mask = action->sa_mask;
    }
    if (syscall(__NR_rt_sigaction, number, action == NULL ? NULL : &new_kernel,
                old == NULL ? NULL : &old_kernel, KERNEL_SET_SIZE) < 0)
        return -1;
    if (old != NULL) {
        old->sa_handler = old_kernel.sa_handler;
        old->sa_flags = (int)old_kernel.sa_flags;
        old->sa_mask = old_kernel.sa_mask;
        old->sa_restorer = old_kernel.sa_restorer;
    }
    return 0;
}

sighandler_t signal(int number, sighandler_t handler)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    struct sigaction old;

    return sigaction(number, &action, &old) < 0 ? SIG_ERR : old.sa_handler;
}

int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict old)
{
    return (int)syscall(__NR_rt_sigprocmask, how, set, old, KERNEL_SET_SIZE);
}

int sigpending(sigset_t *set)
{
    return (int)syscall(__NR_rt_sigpending, set, KERNEL_SET_SIZE);
}

int sigsuspend(const sigset_t *mask)
{
    return (int)syscall(__NR_rt_sigsuspend, mask, KERNEL_SET_SIZE);
}

int sigaltstack(const stack_t *restrict stack, stack_t *restrict old)
{
    return (int)syscall(__NR_sigaltstack, stack, old);
}

int kill(pid_t process, int number)
{
    return (int)syscall(__NR_kill, process, number);
}

int raise(int number)
{
    return (int)syscall(__NR_tgkill, getpid(), syscall(__NR_gettid), number);
}

int sigemptyset(sigset_t *set)
{
    *set = 0;
    return 0;
}

int sigfillset(sigset_t *set)
{
    *set = ~(sigset_t)0;
    return 0;
}

/* The signal's bit in a set, or 0 with errno set. */
static sigset_t signal_bit(int number)
{
    if (number < 1 || number >= NSIG) {
        errno = EINVAL;
        return 0;
    }
    return (sigset_t)1 << (number - 1);
}

int sigaddset(sigset_t *set, int number)
{
    sigset_t bit = signal_bit(number);

    *set |= bit;
    return bit == 0 ? -1 : 0;
}

int sigdelset(sigset_t *set, int number)
{
    sigset_t bit = signal_bit(number);

    *set &= ~bit;
    return bit == 0 ? -1 : 0;
}

int sigismember(const sigset_t *set, int number)
{
    sigset_t bit = signal_bit(number);

    return bit == 0 ? -1 : (*set & bit) != 0;
}
