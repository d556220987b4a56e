// SPDX-License-Identifier: MIT
/*
 * sigtimedwait and its like: signals that are waited for and not handled.
 */
#include "tests/programs/program.h"

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

    VALUE("a time below 0", sigtimedwait(&set, NULL, &negative));
    VALUE("a time with too many nanoseconds", sigtimedwait(&set, NULL, &large));
    VALUE("without time", sigtimedwait(&set, NULL, &none));
    VALUE("a wrong size", syscall(SYS_rt_sigtimedwait, &set, NULL, &none, 4));
    VALUE("a bad set", syscall(SYS_rt_sigtimedwait, 8, NULL, &none, 8));
    VALUE("a bad time", syscall(SYS_rt_sigtimedwait, &set, NULL, 8, 8));
    raise(SIGUSR1);
    VALUE("a bad siginfo", syscall(SYS_rt_sigtimedwait, &set, 8, &none, 8));
    VALUE("the signal is gone all the same", sigtimedwait(&set, NULL, &none));
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
    TRUTH("the lowest number first", sigtimedwait(&set, &info, &none) == SIGUSR1);
    say("signo %d, code %d, errno %d", info.si_signo, info.si_code, info.si_errno);
    TRUTH("then the queued one", sigtimedwait(&set, &info, &none) == SIGRTMIN);
    say("code %d, value %d", info.si_code, info.si_value.sival_int);
    TRUTH("and the second", sigwaitinfo(&set, &info) == SIGRTMIN);
    say("code %d, value %d", info.si_code, info.si_value.sival_int);
    VALUE("then none", sigtimedwait(&set, &info, &none));
}

static void waiting(void)
{
    sigset_t set = set_of(SIGUSR1, 0);
    struct timespec moment = {0, 50000000}, long_time = {20, 0};
    struct timespec before, after;
    siginfo_t info;
    int number = 0;

    clock_gettime(CLOCK_MONOTONIC, &before);
    VALUE("50 ms", sigtimedwait(&set, NULL, &moment));
    clock_gettime(CLOCK_MONOTONIC, &after);
    long passed =
        (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
    TRUTH("took as long", passed >= 49 && passed < 2000);
    send_later(SIGUSR1, 30);
    VALUE("one that comes", sigtimedwait(&set, &info, &long_time));
    wait(NULL);
    send_later(SIGUSR1, 30);
    VALUE("sigwait", sigwait(&set, &number));
    VALUE("its number", number);
    wait(NULL);
    signal(SIGALRM, note);
    handled = 0;
    ualarm(30000, 0);
    VALUE("interrupted by another signal", sigtimedwait(&set, NULL, &long_time));
    VALUE("whose handler ran", handled);
    signal(SIGALRM, SIG_IGN);
    ualarm(30000, 0);
    VALUE("an ignored signal does not interrupt", sigtimedwait(&set, NULL, &moment));
    set = set_of(SIGALRM, 0);
    sigprocmask(SIG_BLOCK, &set, NULL);
    ualarm(30000, 0);
    VALUE("an ignored signal can be waited for", sigtimedwait(&set, NULL, &long_time));
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
    VALUE("one that is not blocked", sigtimedwait(&set, NULL, &long_time));
    VALUE("its handler ran", handled);
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
    VALUE("SIGCHLD, which is ignored by default", sigwaitinfo(&set, &info));
    say("code %d, status %d, %s pid", info.si_code, info.si_status,
        info.si_pid == pid ? "its" : "another");
    wait(NULL);
}

static void sigkill(void)
{
    sigset_t set = set_of(SIGKILL, SIGSTOP);
    struct timespec none = {0, 0};

    VALUE("for SIGKILL and SIGSTOP", sigtimedwait(&set, NULL, &none));
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
