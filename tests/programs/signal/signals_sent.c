// SPDX-License-Identifier: MIT
/*
 * Signals that are sent: which check comes first, what the receiver is told of the sender, which
 * thread takes them, and how many may be queued.
 */
#include "tests/programs/show.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define NOBODY 4194304 /* no pid is as large */

static siginfo_t seen;
static volatile pid_t taker;

static void look(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    seen = *info;
    taker = (pid_t)syscall(SYS_gettid);
}

static void handle(int number)
{
    struct sigaction action = {.sa_sigaction = look, .sa_flags = SA_SIGINFO};

    sigaction(number, &action, NULL);
}

static long queue(pid_t pid, int number, siginfo_t *info)
{
    return syscall(SYS_rt_sigqueueinfo, pid, number, info);
}

static void order_of_checks(void)
{
    siginfo_t info = {.si_code = SI_QUEUE};

    section("nobody there, or no such signal");
    SHOW(kill(NOBODY, 65));
    SHOW(kill(getpid(), 65));
    SHOW(kill(getpid(), -1));
    SHOW(kill(-NOBODY, 65));
    SHOW(kill(INT32_MIN, 0));
    SHOW(syscall(SYS_tkill, NOBODY, 65));
    SHOW(syscall(SYS_tgkill, NOBODY, getpid(), 65));
    SHOW(syscall(SYS_tgkill, getpid(), getpid(), 65));
    SHOW(queue(NOBODY, 65, &info));
    SHOW(queue(getpid(), 65, &info));
    SHOW(queue(getpid(), 65, nowhere));
    SHOW(syscall(SYS_rt_tgsigqueueinfo, 0, getpid(), 65, nowhere));
    SHOW(syscall(SYS_rt_tgsigqueueinfo, 0, getpid(), 65, &info));
}

static void claims(void)
{
    siginfo_t info = {.si_code = SI_USER};

    section("who says that it is the kernel");
    SHOW(queue(getppid(), 0, &info));
    SHOW(queue(NOBODY, 0, &info));
    SHOW(queue(getpid(), SIGUSR1, &info));
    info.si_code = SI_TKILL;
    SHOW(queue(getppid(), 0, &info));
    section("something behind the part that is known");
    memset((char *)&info + 100, 1, 4);
    SHOW(queue(getpid(), SIGUSR1, &info));
    SHOW(!((char *)&seen)[100]); /* it does not arrive */
    info.si_code = -20;
    SHOW(queue(getpid(), SIGUSR1, &info));
    info.si_code = SEGV_ACCERR;
    SHOW(queue(getpid(), SIGSEGV, &info));
    info.si_code = 100;
    SHOW(queue(getpid(), SIGSEGV, &info));
}

static void sender(void)
{
    section("the sender");
    kill(getpid(), SIGUSR1);
    SHOW(seen.si_uid == getuid()); /* kill: its user */
    raise(SIGUSR1);
    SHOW(seen.si_uid == getuid()); /* tgkill: its user */
    handle(SIGCHLD);
    if (!fork())
        _exit(0);
    SHOW(wait(NULL) > 0);
    SHOW(seen.si_uid == getuid()); /* SIGCHLD: the child's user */
}

static int to_thread[2], from_thread[2];
static pid_t thread_tid;

static void *answer(void *argument)
{
    char byte;

    thread_tid = (pid_t)syscall(SYS_gettid);
    for (;;) {
        if (write(from_thread[1], "x", 1) != 1)
            return argument;
        while (read(to_thread[0], &byte, 1) != 1)
            if (errno != EINTR)
                return argument;
        if (byte == 'e')
            return argument;
    }
}

static void which_thread(void)
{
    pthread_t thread;
    char byte;

    section("a signal for a process of two threads");
    if (pipe(to_thread) || pipe(from_thread) || pthread_create(&thread, NULL, answer, NULL))
        return;
    SHOW(read(from_thread[0], &byte, 1));
    SHOW(kill(getpid(), SIGUSR1));
    SHOW(taker == getpid()); /* called by the leader's number, the leader takes it */
    SHOW(kill(thread_tid, SIGUSR1));
    SHOW(write(to_thread[1], "x", 1));
    SHOW(read(from_thread[0], &byte, 1));
    SHOW(taker == thread_tid); /* called by the other's, the other takes it */
    SHOW(write(to_thread[1], "e", 1));
    pthread_join(thread, NULL);
}

static void limit(void)
{
    struct rlimit limit = {0, 0};
    siginfo_t info = {.si_code = SI_QUEUE};
    sigset_t all;

    section("no room in the queue");
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    SHOW(setrlimit(RLIMIT_SIGPENDING, &limit));
    SHOW(queue(getpid(), SIGRTMIN, &info));
    SHOW(syscall(SYS_rt_tgsigqueueinfo, getpid(), getpid(), SIGRTMIN, &info));
    SHOW(queue(getpid(), SIGUSR1, &info));
    SHOW(kill(getpid(), SIGRTMIN + 1));
    SHOW(sigwaitinfo(&all, &seen) == SIGUSR1);
    SHOW(seen.si_code == SI_USER && !seen.si_pid); /* what it was sent with is lost */
    SHOW(sigwaitinfo(&all, &seen) == SIGRTMIN + 1);
}

int main(void)
{
    handle(SIGUSR1);
    handle(SIGSEGV);
    order_of_checks();
    claims();
    sender();
    which_thread();
    limit();
    return 0;
}
