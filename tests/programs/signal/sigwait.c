// SPDX-License-Identifier: MIT
/*
 * sigtimedwait and its like: signals that are waited for and not handled.
 */
#include "tests/programs/show.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

static volatile sig_atomic_t handled;

static void note(int number)
{
    handled = number;
}

static sigset_t set_of(int first, int second)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, first);
    if (second)
        sigaddset(&set, second);
    return set;
}

static void send_later(int number, int milliseconds)
{
    if (fork() == 0) {
        usleep((useconds_t)milliseconds * 1000);
        kill(getppid(), number);
        _exit(0);
    }
}

static void errors(void)
{
    sigset_t set = set_of(SIGUSR1, 0);
    struct timespec negative = {-1, 0}, large = {0, 1000000000}, none = {0, 0};

    SHOW(sigtimedwait(&set, NULL, &negative));                /* a time below 0 */
    SHOW(sigtimedwait(&set, NULL, &large));                   /* a time with too many nanoseconds */
    SHOW(sigtimedwait(&set, NULL, &none));                    /* without time */
    SHOW(syscall(SYS_rt_sigtimedwait, &set, NULL, &none, 4)); /* a wrong size */
    SHOW(syscall(SYS_rt_sigtimedwait, 8, NULL, &none, 8));    /* a bad set */
    SHOW(syscall(SYS_rt_sigtimedwait, &set, NULL, 8, 8));     /* a bad time */
    raise(SIGUSR1);
    SHOW(syscall(SYS_rt_sigtimedwait, &set, 8, &none, 8)); /* a bad siginfo */
    SHOW(sigtimedwait(&set, NULL, &none));                 /* the signal is gone all the same */
}

static void values(void)
{
    sigset_t set = set_of(SIGRTMIN, SIGUSR1);
    union sigval value = {.sival_int = 11};
    struct timespec none = {0, 0};
    siginfo_t info;

    sigqueue(getpid(), SIGRTMIN, value);
    value.sival_int = 12;
    sigqueue(getpid(), SIGRTMIN, value);
    kill(getpid(), SIGUSR1);
    SHOW(sigtimedwait(&set, &info, &none) == SIGUSR1); /* the lowest number first */
    say("signo %d, code %d, errno %d", info.si_signo, info.si_code, info.si_errno);
    SHOW(sigtimedwait(&set, &info, &none) == SIGRTMIN); /* then the queued one */
    say("code %d, value %d", info.si_code, info.si_value.sival_int);
    SHOW(sigwaitinfo(&set, &info) == SIGRTMIN); /* and the second */
    say("code %d, value %d", info.si_code, info.si_value.sival_int);
    SHOW(sigtimedwait(&set, &info, &none));
}

static void waiting(void)
{
    sigset_t set = set_of(SIGUSR1, 0);
    struct timespec moment = {0, 50000000}, long_time = {20, 0};
    struct timespec before, after;
    siginfo_t info;
    int number = 0;

    clock_gettime(CLOCK_MONOTONIC, &before);
    SHOW(sigtimedwait(&set, NULL, &moment)); /* 50 ms */
    clock_gettime(CLOCK_MONOTONIC, &after);
    long passed =
        (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
    SHOW(passed >= 49 && passed < 2000); /* took as long */
    send_later(SIGUSR1, 30);
    SHOW(sigtimedwait(&set, &info, &long_time)); /* one that comes */
    wait(NULL);
    send_later(SIGUSR1, 30);
    SHOW(sigwait(&set, &number));
    SHOW(number);
    wait(NULL);
    signal(SIGALRM, note);
    handled = 0;
    ualarm(30000, 0);
    SHOW(sigtimedwait(&set, NULL, &long_time)); /* interrupted by another signal */
    SHOW(handled);                              /* whose handler ran */
    signal(SIGALRM, SIG_IGN);
    ualarm(30000, 0);
    SHOW(sigtimedwait(&set, NULL, &moment)); /* an ignored signal does not interrupt */
    set = set_of(SIGALRM, 0);
    sigprocmask(SIG_BLOCK, &set, NULL);
    ualarm(30000, 0);
    SHOW(sigtimedwait(&set, NULL, &long_time)); /* an ignored signal can be waited for */
    signal(SIGALRM, SIG_DFL);
}

/* A signal that is not blocked is taken by the wait too, not by its handler. */
static void not_blocked(void)
{
    sigset_t set = set_of(SIGUSR2, 0);
    struct timespec long_time = {20, 0};

    signal(SIGUSR2, note);
    handled = 0;
    send_later(SIGUSR2, 30);
    SHOW(sigtimedwait(&set, NULL, &long_time)); /* one that is not blocked */
    SHOW(handled);                              /* its handler ran */
    wait(NULL);
}

static void child_ends(void)
{
    sigset_t set = set_of(SIGCHLD, 0);
    siginfo_t info;

    sigprocmask(SIG_BLOCK, &set, NULL);
    pid_t pid = fork();
    if (pid == 0)
        _exit(3);
    SHOW(sigwaitinfo(&set, &info)); /* SIGCHLD, which is ignored by default */
    say("code %d, status %d, %s pid", info.si_code, info.si_status,
        info.si_pid == pid ? "its" : "another");
    wait(NULL);
}

static void sigkill(void)
{
    sigset_t set = set_of(SIGKILL, SIGSTOP);
    struct timespec none = {0, 0};

    SHOW(sigtimedwait(&set, NULL, &none)); /* for SIGKILL and SIGSTOP */
}

int main(void)
{
    sigset_t set = set_of(SIGUSR1, SIGRTMIN);

    sigprocmask(SIG_BLOCK, &set, NULL);
    errors();
    values();
    waiting();
    not_blocked();
    child_ends();
    sigkill();
    return 0;
}
