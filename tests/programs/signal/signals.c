// SPDX-License-Identifier: MIT
/*
 * Signals: actions, masks, what is pending, and what a handler is told and may do.
 */
#include "tests/programs/show.h"

#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>

static volatile sig_atomic_t count, last;
static siginfo_t last_info;
static volatile int *volatile not_mapped = (volatile int *)8;
static int order[200];

static void note(int number)
{
    order[count++ % 200] = number;
    last = number;
}

static void note_info(int number, siginfo_t *info, void *context)
{
    (void)context;
    note(number);
    last_info = *info;
}

static void handle(int number, int flags)
{
    struct sigaction action = {.sa_sigaction = note_info, .sa_flags = SA_SIGINFO | flags};

    sigemptyset(&action.sa_mask);
    if (sigaction(number, &action, NULL))
        say("sigaction(%d): %s", number, strerror(errno));
    count = 0;
}

static void change_mask(int how, int number)
{
    sigset_t set;

    sigemptyset(&set);
    if (number)
        sigaddset(&set, number);
    sigprocmask(how, &set, NULL);
}

static bool is_pending(int number)
{
    sigset_t set;

    sigpending(&set);
    return sigismember(&set, number) == 1;
}

static bool is_blocked(int number)
{
    sigset_t set;

    sigprocmask(SIG_BLOCK, NULL, &set);
    return sigismember(&set, number) == 1;
}

/* ---- errors ---- */

static void errors(void)
{
    struct sigaction action = {.sa_handler = note};
    unsigned long set = 0;
    char old[64];

    SHOW(sigaction(0, NULL, NULL));
    SHOW(sigaction(65, NULL, NULL));
    SHOW(sigaction(-1, NULL, NULL));
    SHOW(sigaction(SIGKILL, &action, NULL));
    SHOW(sigaction(SIGSTOP, &action, NULL));
    SHOW(sigaction(SIGKILL, NULL, &action));                 /* asking for SIGKILL's */
    SHOW(action.sa_handler == SIG_DFL);                      /* it is the default */
    SHOW(syscall(SYS_rt_sigaction, SIGUSR1, NULL, NULL, 4)); /* rt_sigaction with a wrong size */
    SHOW(syscall(SYS_rt_sigaction, SIGUSR1, 8, NULL, 8));    /* rt_sigaction from a bad address */
    SHOW(syscall(SYS_rt_sigaction, SIGUSR1, NULL, 8, 8));    /* rt_sigaction to a bad address */
    SHOW(syscall(SYS_rt_sigprocmask, 0, &set, NULL, 16));    /* rt_sigprocmask with a wrong size */
    SHOW(syscall(SYS_rt_sigprocmask, 0, 8, NULL, 8));        /* rt_sigprocmask from a bad address */
    SHOW(syscall(SYS_rt_sigprocmask, 0, NULL, 8, 8));        /* rt_sigprocmask to a bad address */
    SHOW(syscall(SYS_rt_sigprocmask, 3, &set, NULL, 8));     /* rt_sigprocmask with a wrong how */
    SHOW(syscall(SYS_rt_sigprocmask, 3, NULL, old, 8));      /* a wrong how without a set */
    SHOW(syscall(SYS_rt_sigpending, old, 16));               /* rt_sigpending with 16 bytes */
    SHOW(syscall(SYS_rt_sigpending, old, 4));                /* rt_sigpending with 4 bytes */
    SHOW(syscall(SYS_rt_sigpending, 8, 8));                  /* rt_sigpending to a bad address */
    SHOW(syscall(SYS_rt_sigsuspend, &set, 4));               /* rt_sigsuspend with a wrong size */
    SHOW(syscall(SYS_rt_sigsuspend, 8, 8));                  /* rt_sigsuspend from a bad address */
    SHOW(syscall(SYS_tgkill, 0, getpid(), 0));               /* with group 0 */
    SHOW(syscall(SYS_tgkill, getpid(), 0, 0));               /* with thread 0 */
    SHOW(syscall(SYS_tgkill, getpid(), getpid(), 65));
    /* of another group */
    SHOW(syscall(SYS_tgkill, getppid() + 4194304, getpid(), 0));
    SHOW(syscall(SYS_tgkill, getpid(), getpid(), 0)); /* of itself with 0 */
    SHOW(syscall(SYS_tkill, 0, 0));                   /* with thread 0 */
    SHOW(syscall(SYS_tkill, 4194304, 0));             /* with a thread that is not there */
    SHOW(raise(0));
    SHOW(raise(65));
}

/* ---- each signal ---- */

static void handler_of_each(void)
{
    for (int number = 1; number <= 64; number++) {
        if (number == SIGKILL || number == SIGSTOP || (number >= 32 && number < 35))
            continue;
        handle(number, 0);
        change_mask(SIG_BLOCK, number);
        kill(getpid(), number);
        bool held = count == 0 && is_pending(number);
        change_mask(SIG_UNBLOCK, number);
        say("signal %d: %s, then handled %d times, signo %d, code %d, %s pid", number,
            held ? "held" : "not held", (int)count, last_info.si_signo, last_info.si_code,
            last_info.si_pid == getpid() ? "own" : "another");
        signal(number, SIG_DFL);
    }
}

static void ignored_of_each(void)
{
    for (int number = 1; number <= 64; number++) {
        if (number == SIGKILL || number == SIGSTOP || (number >= 32 && number < 35))
            continue;
        signal(number, SIG_IGN);
        kill(getpid(), number);
        if (is_pending(number))
            say("signal %d is pending although it is ignored", number);
        signal(number, SIG_DFL);
    }
    say("each signal can be ignored");
}

/* ---- pending ---- */

static void pending(void)
{
    handle(SIGUSR1, 0);
    change_mask(SIG_BLOCK, SIGUSR1);
    for (int i = 0; i < 3; i++)
        kill(getpid(), SIGUSR1);
    SHOW(is_pending(SIGUSR1)); /* a blocked signal is pending */
    change_mask(SIG_UNBLOCK, SIGUSR1);
    SHOW(count);               /* three of a standard signal come as */
    SHOW(is_pending(SIGUSR1)); /* and is pending no more */

    handle(SIGRTMIN, 0);
    change_mask(SIG_BLOCK, SIGRTMIN);
    for (int i = 0; i < 3; i++)
        kill(getpid(), SIGRTMIN);
    change_mask(SIG_UNBLOCK, SIGRTMIN);
    SHOW(count); /* three of a real-time signal come as */

    change_mask(SIG_BLOCK, SIGUSR1);
    raise(SIGUSR1);
    signal(SIGUSR1, SIG_IGN);
    SHOW(is_pending(SIGUSR1)); /* a pending signal that is then ignored stays */
    signal(SIGUSR1, SIG_DFL);
    change_mask(SIG_BLOCK, SIGCHLD);
    raise(SIGCHLD);
    SHOW(is_pending(SIGCHLD)); /* is pending if blocked, with its default */
    signal(SIGCHLD, SIG_DFL);
    SHOW(is_pending(SIGCHLD)); /* and not once its default was set again */
    signal(SIGUSR2, SIG_IGN);
    change_mask(SIG_BLOCK, SIGUSR2);
    raise(SIGUSR2);
    SHOW(is_pending(SIGUSR2)); /* an ignored signal is pending if blocked */
    change_mask(SIG_SETMASK, 0);
    SHOW(is_pending(SIGUSR2)); /* and is gone once it is not */
    signal(SIGUSR2, SIG_DFL);
}

static void stop_and_continue(void)
{
    change_mask(SIG_BLOCK, SIGTSTP);
    raise(SIGTSTP);
    SHOW(is_pending(SIGTSTP));
    raise(SIGCONT);
    SHOW(is_pending(SIGTSTP)); /* SIGCONT drops it */
    change_mask(SIG_BLOCK, SIGCONT);
    raise(SIGCONT);
    SHOW(is_pending(SIGCONT));
    raise(SIGTSTP);
    SHOW(is_pending(SIGCONT)); /* SIGTSTP drops it */
    raise(SIGCONT);
    change_mask(SIG_SETMASK, 0);
}

static void unblockable(void)
{
    sigset_t set;

    sigfillset(&set);
    SHOW(sigprocmask(SIG_SETMASK, &set, NULL)); /* blocking all */
    SHOW(is_blocked(SIGKILL));
    SHOW(is_blocked(SIGSTOP));
    SHOW(is_blocked(SIGTERM));
    change_mask(SIG_SETMASK, 0);
}

/* The kernel delivers the lowest number first; what came of one number in the order sent. */
static void order_of_delivery(void)
{
    static const int numbers[] = {SIGTERM, SIGUSR1, 40, SIGHUP, 36, 40, SIGSEGV};
    size_t total = sizeof(numbers) / sizeof(*numbers);
    sigset_t set;

    sigfillset(&set);
    for (size_t i = 0; i < total; i++) {
        struct sigaction action = {.sa_sigaction = note_info, .sa_flags = SA_SIGINFO};
        action.sa_mask = set;
        sigaction(numbers[i], &action, NULL);
    }
    sigprocmask(SIG_SETMASK, &set, NULL);
    for (size_t i = 0; i < total; i++)
        kill(getpid(), numbers[i]);
    count = 0;
    change_mask(SIG_SETMASK, 0);
    SHOW(count);
    for (int i = 0; i < count; i++)
        say("delivered as %d: %d", i, order[i]);
    for (size_t i = 0; i < total; i++)
        signal(numbers[i], SIG_DFL);
}

/* ---- queued values ---- */

static void queued(void)
{
    union sigval value = {.sival_int = 0};
    siginfo_t info = {.si_code = SI_QUEUE};

    handle(SIGRTMIN, 0);
    handle(SIGUSR1, 0);
    change_mask(SIG_BLOCK, SIGRTMIN);
    change_mask(SIG_BLOCK, SIGUSR1);
    for (value.sival_int = 1; value.sival_int <= 3; value.sival_int++) {
        sigqueue(getpid(), SIGRTMIN, value);
        sigqueue(getpid(), SIGUSR1, value);
    }
    change_mask(SIG_UNBLOCK, SIGUSR1);
    say("SIGUSR1 came %d times with %d, code %d", (int)count, last_info.si_value.sival_int,
        last_info.si_code);
    count = 0;
    change_mask(SIG_UNBLOCK, SIGRTMIN);
    say("SIGRTMIN came %d times, last with %d, code %d", (int)count, last_info.si_value.sival_int,
        last_info.si_code);
    SHOW(sigqueue(getpid(), 0, value));
    SHOW(sigqueue(getpid(), 65, value));
    SHOW(sigqueue(4194304, SIGUSR1, value)); /* to nobody */
    /* rt_sigqueueinfo from a bad address */
    SHOW(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, 8));
    /* rt_sigqueueinfo to itself as the kernel */
    SHOW((info.si_code = SI_KERNEL, syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &info)));
    SHOW(last_info.si_code);
    /* rt_tgsigqueueinfo with group 0 */
    SHOW(syscall(SYS_rt_tgsigqueueinfo, 0, getpid(), SIGUSR1, &info));
    pid_t pid = fork();
    if (pid == 0) {
        info.si_code = SI_USER;
        /* rt_sigqueueinfo to another as kill */
        SHOW(syscall(SYS_rt_sigqueueinfo, getppid(), SIGUSR1, &info));
        info.si_code = SI_TKILL;
        /* rt_sigqueueinfo to another as tkill */
        SHOW(syscall(SYS_rt_sigqueueinfo, getppid(), SIGUSR1, &info));
        info.si_code = -77;
        /* rt_sigqueueinfo to another with a code below 0 */
        SHOW(syscall(SYS_rt_sigqueueinfo, getppid(), SIGUSR1, &info));
        _exit(0);
    }
    while (waitpid(pid, NULL, 0) < 0)
        ;
    SHOW(last_info.si_code); /* which came with code */
    info.si_code = 0;
    syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1);
    SHOW(last_info.si_code); /* tgkill's code */
}

/* ---- flags ---- */

static volatile sig_atomic_t depth, deepest;

static void nest(int number)
{
    depth++;
    if (depth > deepest)
        deepest = depth;
    if (count++ < 3)
        raise(number);
    depth--;
}

static int nesting(int flags)
{
    struct sigaction action = {.sa_handler = nest, .sa_flags = flags};

    sigaction(SIGUSR1, &action, NULL);
    count = depth = deepest = 0;
    raise(SIGUSR1);
    return deepest;
}

static volatile sig_atomic_t seen_blocked;

static void look(int number)
{
    (void)number;
    seen_blocked = is_blocked(SIGUSR1) | is_blocked(SIGUSR2) << 1 | is_blocked(SIGTERM) << 2;
}

static void flags(void)
{
    struct sigaction action = {.sa_handler = note, .sa_flags = (int)SA_RESETHAND}, old;

    SHOW(nesting(0));          /* a handler that raises its own signal nests */
    SHOW(count);               /* the handler ran */
    SHOW(nesting(SA_NODEFER)); /* with SA_NODEFER it nests */
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    sigaction(SIGUSR1, NULL, &old);
    SHOW(old.sa_handler == SIG_DFL);        /* after SA_RESETHAND the action is the default */
    SHOW(old.sa_flags & (int)SA_RESETHAND); /* and its flags are kept */

    action = (struct sigaction){.sa_handler = look};
    sigaddset(&action.sa_mask, SIGUSR2);
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    SHOW(seen_blocked); /* in a handler: itself 1, sa_mask 2, another 4 */
    /* not afterwards */
    SHOW(is_blocked(SIGUSR1) || is_blocked(SIGUSR2));
    action.sa_flags = SA_NODEFER;
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    SHOW(seen_blocked); /* with SA_NODEFER */
    sigaction(SIGUSR1, NULL, &old);
    SHOW(old.sa_flags & SA_NODEFER); /* sigaction gives back SA_NODEFER */
    SHOW(sigismember(&old.sa_mask, SIGUSR2));
    sigfillset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR1, NULL, &old);
    SHOW(!sigismember(&old.sa_mask, SIGKILL)); /* and a mask without SIGKILL */

    struct {
        void (*handler)(int);
        unsigned long flags, restorer, mask;
    } raw = {note, 0xffffffffffffffff & ~0x80000004ul, 0, 0};
    syscall(SYS_rt_sigaction, SIGUSR2, &raw, NULL, 8);
    syscall(SYS_rt_sigaction, SIGUSR2, NULL, &raw, 8);
    say("flags that the kernel keeps of all but SA_SIGINFO and SA_RESETHAND: %#lx", raw.flags);
    signal(SIGUSR1, SIG_DFL);
    signal(SIGUSR2, SIG_DFL);
}

/* ---- what a handler may change ---- */

static void change_saved_mask(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    sigaddset(&((ucontext_t *)context)->uc_sigmask, SIGUSR2);
    sigaddset(&((ucontext_t *)context)->uc_sigmask, SIGKILL);
}

static void change_own_mask(int number)
{
    (void)number;
    change_mask(SIG_BLOCK, SIGTERM);
}

static void masks_around_handlers(void)
{
    struct sigaction action = {.sa_sigaction = change_saved_mask, .sa_flags = SA_SIGINFO};

    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    SHOW(is_blocked(SIGUSR2));  /* a handler may change the mask that comes back */
    SHOW(!is_blocked(SIGKILL)); /* but SIGKILL stays out of it */
    change_mask(SIG_SETMASK, 0);
    signal(SIGUSR1, change_own_mask);
    raise(SIGUSR1);
    SHOW(!is_blocked(SIGTERM)); /* its own mask is gone when it returns */
    signal(SIGUSR1, SIG_DFL);
}

static void exit_in_handler(int number)
{
    _exit(number);
}

static void force_blocked_fault(void)
{
    signal(SIGSEGV, exit_in_handler);
    change_mask(SIG_BLOCK, SIGSEGV);
    *not_mapped = 0;
}

static void force_ignored_fault(void)
{
    signal(SIGSEGV, SIG_IGN);
    *not_mapped = 0;
}

static void force_fault(void)
{
    signal(SIGSEGV, exit_in_handler);
    *not_mapped = 0;
}

static void ignored_segv_sent(void)
{
    signal(SIGSEGV, SIG_IGN);
    kill(getpid(), SIGSEGV);
    _exit(3);
}

/* ---- sigsuspend, pause ---- */

static void suspended(void)
{
    sigset_t set;

    handle(SIGUSR1, 0);
    change_mask(SIG_BLOCK, SIGUSR1);
    raise(SIGUSR1);
    sigemptyset(&set);
    SHOW(sigsuspend(&set));    /* with a signal pending */
    SHOW(count);               /* the handler ran */
    SHOW(is_blocked(SIGUSR1)); /* the mask is back */
    handle(SIGALRM, SA_RESTART);
    alarm(1);
    SHOW(sigsuspend(&set)); /* until SIGALRM, with SA_RESTART */
    SHOW(count);            /* the handler ran */
    alarm(1);
    SHOW(pause()); /* until SIGALRM, with SA_RESTART */
    change_mask(SIG_SETMASK, 0);
    signal(SIGALRM, SIG_DFL);
}

/* ---- fork and masks ---- */

static void over_fork(void)
{
    int status;

    handle(SIGUSR1, 0);
    change_mask(SIG_BLOCK, SIGUSR1);
    raise(SIGUSR1);
    pid_t pid = fork();
    if (pid == 0) {
        SHOW(is_blocked(SIGUSR1)); /* a child has the parent's mask */
        SHOW(is_pending(SIGUSR1)); /* but not what is pending */
        raise(SIGUSR1);
        change_mask(SIG_UNBLOCK, SIGUSR1);
        SHOW(count); /* and the handler */
        _exit(0);
    }
    waitpid(pid, &status, 0);
    SHOW(is_pending(SIGUSR1)); /* the parent's is still pending */
    change_mask(SIG_SETMASK, 0);
    signal(SIGUSR1, SIG_DFL);
}

int main(void)
{
    errors();
    handler_of_each();
    ignored_of_each();
    pending();
    stop_and_continue();
    unblockable();
    order_of_delivery();
    queued();
    flags();
    masks_around_handlers();
    in_child("a fault with a handler", force_fault);
    in_child("a fault while it is blocked", force_blocked_fault);
    in_child("a fault while it is ignored", force_ignored_fault);
    in_child("SIGSEGV sent while it is ignored", ignored_segv_sent);
    suspended();
    over_fork();
    return 0;
}
