// SPDX-License-Identifier: MIT
/*
 * Signals and their handlers.
 */
#ifndef LIBC_SIGNAL_H
#define LIBC_SIGNAL_H

#include <stddef.h>

#include <sys/types.h>

/* Linux's structure keeps its name for the system call; ours has POSIX's fields. */
#define sigaction kernel_sigaction
#include <asm/signal.h>
#undef sigaction

#include <asm/siginfo.h>

#undef NSIG
#define NSIG 65 /* one more than the largest signal */

#define SS_ONSTACK 1
#define SS_DISABLE 2

typedef void (*sighandler_t)(int);
typedef volatile int sig_atomic_t;

struct sigaction {
    union {
        sighandler_t sa_handler;
        void (*sa_sigaction)(int, siginfo_t *, void *);
    };
    sigset_t sa_mask;
    int sa_flags;
    void (*sa_restorer)(void); /* not used: the library sets its own */
};

#include <sys/ucontext.h>

int sigaction(int number, const struct sigaction *restrict action, struct sigaction *restrict old);
sighandler_t signal(int number, sighandler_t handler); /* restarts calls, as glibc's */
int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict old);
int sigpending(sigset_t *set);
int sigsuspend(const sigset_t *mask);
int sigaltstack(const stack_t *restrict stack, stack_t *restrict old);
int kill(pid_t process, int number);
int raise(int number);

int sigemptyset(sigset_t *set);
int sigfillset(sigset_t *set);
int sigaddset(sigset_t *set, int number);
int sigdelset(sigset_t *set, int number);
int sigismember(const sigset_t *set, int number);

#endif
