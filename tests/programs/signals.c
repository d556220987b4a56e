// SPDX-License-Identifier: MIT
/*
 * Signals: actions, masks, what is pending, and what a handler is told and may do.
 */
#include "tests/programs/program.h"

#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>

static volatile sig_atomic_t count, last;
static siginfo_t last_info;
static volatile int *volatile nowhere = (volatile int *)8;
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

/* ---- Errors ---- */

static void errors(void)
{
    struct sigaction action = {.sa_handler = note};
    unsigned long set = 0;
    char old[64];

    VALUE("sigaction of 0", sigaction(0, NULL, NULL));
    VALUE("sigaction of 65", sigaction(65, NULL, NULL));
    VALUE("sigaction of -1", sigaction(-1, NULL, NULL));
    VALUE("sigaction of SIGKILL", sigaction(SIGKILL, &action, NULL));
    VALUE("sigaction of SIGSTOP", sigaction(SIGSTOP, &action, NULL));
    VALUE("asking for SIGKILL's", sigaction(SIGKILL, NULL, &action));
    TRUTH("it is the default", action.sa_handler == SIG_DFL);
    VALUE("rt_sigaction with a wrong size", syscall(SYS_rt_sigaction, SIGUSR1, NULL, NULL, 4));
    VALUE("rt_sigaction from a bad address", syscall(SYS_rt_sigaction, SIGUSR1, 8, NULL, 8));
    VALUE("rt_sigaction to a bad address", syscall(SYS_rt_sigaction, SIGUSR1, NULL, 8, 8));
    VALUE("rt_sigprocmask with a wrong size", syscall(SYS_rt_sigprocmask, 0, &set, NULL, 16));
    VALUE("rt_sigprocmask from a bad address", syscall(SYS_rt_sigprocmask, 0, 8, NULL, 8));
    VALUE("rt_sigprocmask to a bad address", syscall(SYS_rt_sigprocmask, 0, NULL, 8, 8));
    VALUE("rt_sigprocmask with a wrong how", syscall(SYS_rt_sigprocmask, 3, &set, NULL, 8));
    VALUE("a wrong how without a set", syscall(SYS_rt_sigprocmask, 3, NULL, old, 8));
    VALUE("rt_sigpending with 16 bytes", syscall(SYS_rt_sigpending, old, 16));
    VALUE("rt_sigpending with 4 bytes", syscall(SYS_rt_sigpending, old, 4));
    VALUE("rt_sigpending to a bad address", syscall(SYS_rt_sigpending, 8, 8));
    VALUE("rt_sigsuspend with a wrong size", syscall(SYS_rt_sigsuspend, &set, 4));
    VALUE("rt_sigsuspend from a bad address", syscall(SYS_rt_sigsuspend, 8, 8));
    VALUE("tgkill with group 0", syscall(SYS_tgkill, 0, getpid(), 0));
    VALUE("tgkill with thread 0", syscall(SYS_tgkill, getpid(), 0, 0));
    VALUE("tgkill with signal 65", syscall(SYS_tgkill, getpid(), getpid(), 65));
    VALUE("tgkill of another group", syscall(SYS_tgkill, getppid() + 4194304, getpid(), 0));
    VALUE("tgkill of itself with 0", syscall(SYS_tgkill, getpid(), getpid(), 0));
    VALUE("tkill with thread 0", syscall(SYS_tkill, 0, 0));
    VALUE("tkill with a thread that is not there", syscall(SYS_tkill, 4194304, 0));
    VALUE("raise(0)", raise(0));
    VALUE("raise(65)", raise(65));
}

/* ---- Each signal ---- */

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

/* ---- Pending ---- */

static void pending(void)
{
    handle(SIGUSR1, 0);
    change_mask(SIG_BLOCK, SIGUSR1);
    for (int i = 0; i < 3; i++)
        kill(getpid(), SIGUSR1);
    TRUTH("a blocked signal is pending", is_pending(SIGUSR1));
    change_mask(SIG_UNBLOCK, SIGUSR1);
    VALUE("three of a standard signal come as", count);
    TRUTH("and is pending no more", is_pending(SIGUSR1));

    handle(SIGRTMIN, 0);
    change_mask(SIG_BLOCK, SIGRTMIN);
    for (int i = 0; i < 3; i++)
        kill(getpid(), SIGRTMIN);
    change_mask(SIG_UNBLOCK, SIGRTMIN);
    VALUE("three of a real-time signal come as", count);

    change_mask(SIG_BLOCK, SIGUSR1);
    raise(SIGUSR1);
    signal(SIGUSR1, SIG_IGN);
    TRUTH("a pending signal that is then ignored stays", is_pending(SIGUSR1));
    signal(SIGUSR1, SIG_DFL);
    change_mask(SIG_BLOCK, SIGCHLD);
    raise(SIGCHLD);
    TRUTH("SIGCHLD is pending if blocked, with its default", is_pending(SIGCHLD));
    signal(SIGCHLD, SIG_DFL);
    TRUTH("and not once its default was set again", is_pending(SIGCHLD));
    signal(SIGUSR2, SIG_IGN);
    change_mask(SIG_BLOCK, SIGUSR2);
    raise(SIGUSR2);
    TRUTH("an ignored signal is pending if blocked", is_pending(SIGUSR2));
    change_mask(SIG_SETMASK, 0);
    TRUTH("and is gone once it is not", is_pending(SIGUSR2));
    signal(SIGUSR2, SIG_DFL);
}

static void stop_and_continue(void)
{
    change_mask(SIG_BLOCK, SIGTSTP);
    raise(SIGTSTP);
    TRUTH("SIGTSTP is pending", is_pending(SIGTSTP));
    raise(SIGCONT);
    TRUTH("SIGCONT drops it", is_pending(SIGTSTP));
    change_mask(SIG_BLOCK, SIGCONT);
    raise(SIGCONT);
    TRUTH("SIGCONT is pending", is_pending(SIGCONT));
    raise(SIGTSTP);
    TRUTH("SIGTSTP drops it", is_pending(SIGCONT));
    raise(SIGCONT);
    change_mask(SIG_SETMASK, 0);
}

static void unblockable(void)
{
    sigset_t set;

    sigfillset(&set);
    VALUE("blocking all", sigprocmask(SIG_SETMASK, &set, NULL));
    TRUTH("SIGKILL is blocked", is_blocked(SIGKILL));
    TRUTH("SIGSTOP is blocked", is_blocked(SIGSTOP));
    TRUTH("SIGTERM is blocked", is_blocked(SIGTERM));
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
    VALUE("delivered", count);
    for (int i = 0; i < count; i++)
        say("delivered as %d: %d", i, order[i]);
    for (size_t i = 0; i < total; i++)
        signal(numbers[i], SIG_DFL);
}

/* ---- Queued values ---- */

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
    VALUE("sigqueue of signal 0", sigqueue(getpid(), 0, value));
    VALUE("sigqueue of signal 65", sigqueue(getpid(), 65, value));
    VALUE("sigqueue to nobody", sigqueue(4194304, SIGUSR1, value));
    VALUE("rt_sigqueueinfo from a bad address", syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, 8));
    VALUE("rt_sigqueueinfo to itself as the kernel",
          (info.si_code = SI_KERNEL, syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &info)));
    VALUE("its code", last_info.si_code);
    VALUE("rt_tgsigqueueinfo with group 0",
          syscall(SYS_rt_tgsigqueueinfo, 0, getpid(), SIGUSR1, &info));
    pid_t pid = fork();
    if (pid == 0) {
        info.si_code = SI_USER;
        VALUE("rt_sigqueueinfo to another as kill",
              syscall(SYS_rt_sigqueueinfo, getppid(), SIGUSR1, &info));
        info.si_code = SI_TKILL;
        VALUE("rt_sigqueueinfo to another as tkill",
              syscall(SYS_rt_sigqueueinfo, getppid(), SIGUSR1, &info));
        info.si_code = -77;
        VALUE("rt_sigqueueinfo to another with a code below 0",
              syscall(SYS_rt_sigqueueinfo, getppid(), SIGUSR1, &info));
        _exit(0);
    }
    while (waitpid(pid, NULL, 0) < 0)
        ;
    VALUE("which came with code", last_info.si_code);
    info.si_code = 0;
    syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1);
    VALUE("tgkill's code", last_info.si_code);
}

/* ---- Flags ---- */

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

    VALUE("a handler that raises its own signal nests", nesting(0));
    VALUE("the handler ran", count);
    VALUE("with SA_NODEFER it nests", nesting(SA_NODEFER));
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    sigaction(SIGUSR1, NULL, &old);
    TRUTH("after SA_RESETHAND the action is the default", old.sa_handler == SIG_DFL);
    TRUTH("and its flags are kept", old.sa_flags & (int)SA_RESETHAND);

    action = (struct sigaction){.sa_handler = look};
    sigaddset(&action.sa_mask, SIGUSR2);
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    VALUE("blocked in a handler: itself 1, sa_mask 2, another 4", seen_blocked);
    TRUTH("not afterwards", is_blocked(SIGUSR1) || is_blocked(SIGUSR2));
    action.sa_flags = SA_NODEFER;
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    VALUE("with SA_NODEFER", seen_blocked);
    sigaction(SIGUSR1, NULL, &old);
    TRUTH("sigaction gives back SA_NODEFER", old.sa_flags & SA_NODEFER);
    TRUTH("and the mask", sigismember(&old.sa_mask, SIGUSR2));
    sigfillset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR1, NULL, &old);
    TRUTH("and a mask without SIGKILL", !sigismember(&old.sa_mask, SIGKILL));

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

/* ---- What a handler may change ---- */

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
    TRUTH("a handler may change the mask that comes back", is_blocked(SIGUSR2));
    TRUTH("but SIGKILL stays out of it", !is_blocked(SIGKILL));
    change_mask(SIG_SETMASK, 0);
    signal(SIGUSR1, change_own_mask);
    raise(SIGUSR1);
    TRUTH("its own mask is gone when it returns", !is_blocked(SIGTERM));
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
    *nowhere = 0;
}

static void force_ignored_fault(void)
{
    signal(SIGSEGV, SIG_IGN);
    *nowhere = 0;
}

static void force_fault(void)
{
    signal(SIGSEGV, exit_in_handler);
    *nowhere = 0;
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
    VALUE("sigsuspend with a signal pending", sigsuspend(&set));
    VALUE("the handler ran", count);
    TRUTH("the mask is back", is_blocked(SIGUSR1));
    handle(SIGALRM, SA_RESTART);
    alarm(1);
    VALUE("sigsuspend until SIGALRM, with SA_RESTART", sigsuspend(&set));
    VALUE("the handler ran", count);
    alarm(1);
    VALUE("pause until SIGALRM, with SA_RESTART", pause());
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
        TRUTH("a child has the parent's mask", is_blocked(SIGUSR1));
        TRUTH("but not what is pending", is_pending(SIGUSR1));
        raise(SIGUSR1);
        change_mask(SIG_UNBLOCK, SIGUSR1);
        VALUE("and the handler", count);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    TRUTH("the parent's is still pending", is_pending(SIGUSR1));
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
