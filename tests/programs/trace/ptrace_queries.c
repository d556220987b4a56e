// SPDX-License-Identifier: MIT
/*
 * ptrace: what a stopped thread is at (its system call, its blocked and waiting signals), and what
 * SIGCONT and SIGKILL do to one that is stopped.
 */
#include "tests/programs/trace/trace.h"

static siginfo_t child_signal;
static volatile sig_atomic_t child_signals;

static void note(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    child_signal = *info;
    child_signals++;
}

static void handle_sigchld(int flags)
{
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | SA_RESTART | flags};

    sigaction(SIGCHLD, &action, NULL);
    child_signals = 0;
}

static void say_sigchld(const char *what)
{
    say("%s: SIGCHLD %d times, the last with code %d, status %#x", what, (int)child_signals,
        child_signal.si_code, (unsigned int)child_signal.si_status);
    child_signals = 0;
}

/* ---- system calls ---- */

static void one_call(void)
{
    syscall(SYS_close, -7, 2, 3, 4, 5, 6);
}

static void say_call(const char *what, pid_t pid)
{
    struct __ptrace_syscall_info info;

    memset(&info, 7, sizeof(info));
    long size = trace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), (uintptr_t)&info);
    say("%s: %ld bytes, op %d, arch %#x, %s instruction", what, size, info.op, info.arch,
        info.instruction_pointer ? "an" : "no");
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
        say("number %d, arguments %d %d %d %d %d %d", (int)info.entry.nr, (int)info.entry.args[0],
            (int)info.entry.args[1], (int)info.entry.args[2], (int)info.entry.args[3],
            (int)info.entry.args[4], (int)info.entry.args[5]);
    if (info.op == PTRACE_SYSCALL_INFO_EXIT)
        say("result %d, %s", (int)info.exit.rval, info.exit.is_error ? "an error" : "no error");
}

/* On to where it enters a call: raise() may make others before. */
static void go_to_call(pid_t pid, unsigned long number)
{
    struct user_regs_struct registers = {0};

    while (registers.orig_rax != number) {
        trace(PTRACE_SYSCALL, pid, 0, 0);
        wait_for(pid);
        trace(PTRACE_GETREGS, pid, 0, (uintptr_t)&registers);
    }
}

static void call_info(void)
{
    struct __ptrace_syscall_info info = {0};
    pid_t pid = traced_child(one_call);

    say_call("at SIGSTOP", pid);
    trace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD);
    go_to_call(pid, SYS_close);
    say_call("entering", pid);
    SHOW(trace(PTRACE_GET_SYSCALL_INFO, pid, 0, 8));
    SHOW(trace(PTRACE_GET_SYSCALL_INFO, pid, 4, (uintptr_t)&info));
    SHOW(info.op == PTRACE_SYSCALL_INFO_ENTRY && !info.arch); /* 4 are written */
    SHOW(trace(PTRACE_GET_SYSCALL_INFO, pid, 8, 8));          /* to a bad address */
    trace(PTRACE_SYSCALL, pid, 0, 0);
    wait_for(pid);
    say_call("leaving", pid);
    end(pid);
}

/* ---- signals ---- */

static void raise_blocked(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGUSR2);
    raise(SIGUSR1);
    kill(getpid(), SIGUSR1);
    raise(SIGSTOP);
}

static void masks(pid_t pid)
{
    unsigned long mask = 0;

    SHOW(trace(PTRACE_GETSIGMASK, pid, 8, (uintptr_t)&mask));
    say("blocked: %#lx", mask);
    SHOW(trace(PTRACE_GETSIGMASK, pid, 4, (uintptr_t)&mask));
    SHOW(trace(PTRACE_GETSIGMASK, pid, 8, 8)); /* to a bad address */
    SHOW(trace(PTRACE_SETSIGMASK, pid, 16, (uintptr_t)&mask));
    SHOW(trace(PTRACE_SETSIGMASK, pid, 8, 8)); /* from a bad address */
    mask = ~0ul;
    SHOW(trace(PTRACE_SETSIGMASK, pid, 8, (uintptr_t)&mask)); /* to all */
    trace(PTRACE_GETSIGMASK, pid, 8, (uintptr_t)&mask);
    SHOW(mask == ~(1ul << (SIGKILL - 1) | 1ul << (SIGSTOP - 1))); /* but SIGKILL and SIGSTOP */
    mask = 1ul << (SIGUSR1 - 1);
    SHOW(trace(PTRACE_SETSIGMASK, pid, 8, (uintptr_t)&mask)); /* to SIGUSR1 */
}

static void peek(const char *what, pid_t pid, struct __ptrace_peeksiginfo_args wanted)
{
    siginfo_t info[4] = {{0}};

    long count = trace(PTRACE_PEEKSIGINFO, pid, (uintptr_t)&wanted, (uintptr_t)info);
    say("%s: %ld %s, signals %d %d, codes %d %d", what, count, count < 0 ? strerror(errno) : "",
        info[0].si_signo, info[1].si_signo, info[0].si_code, info[1].si_code);
}

static void waiting_signals(void)
{
    pid_t pid = traced_child(raise_blocked);

    trace(PTRACE_CONT, pid, 0, 0);
    say_wait("SIGSTOP with two blocked", pid);
    peek("the thread's", pid, (struct __ptrace_peeksiginfo_args){.nr = 4});
    peek("one of them", pid, (struct __ptrace_peeksiginfo_args){.nr = 1});
    peek("the second", pid, (struct __ptrace_peeksiginfo_args){.off = 1, .nr = 4});
    peek("the process's", pid, (struct __ptrace_peeksiginfo_args){.flags = 1, .nr = 4});
    peek("a wrong flag", pid, (struct __ptrace_peeksiginfo_args){.flags = 2, .nr = 4});
    peek("less than none", pid, (struct __ptrace_peeksiginfo_args){.nr = -1});
    masks(pid);
    trace(PTRACE_CONT, pid, 0, 0);
    say_wait("SIGUSR2 comes", pid);
    end(pid);
}

/* ---- stops ---- */

static void sigcont_of_seized(void)
{
    pid_t pid = sleeping_child();

    handle_sigchld(0);
    SHOW(trace(PTRACE_SEIZE, pid, 0, 0));
    kill(pid, SIGCONT);
    say_wait("SIGCONT to one that runs", pid);
    say_sigchld("told of it");
    trace(PTRACE_CONT, pid, 0, 0);
    say_wait("then the signal itself", pid);
    say_sigchld("told of it");
    trace(PTRACE_CONT, pid, 0, 0);
    SHOW(trace(PTRACE_INTERRUPT, pid, 0, 0));
    say_wait("a stop", pid);
    say_sigchld("told of it");
    handle_sigchld(SA_NOCLDSTOP);
    trace(PTRACE_CONT, pid, 0, 0);
    trace(PTRACE_INTERRUPT, pid, 0, 0);
    say_wait("a stop", pid);
    say_sigchld("with SA_NOCLDSTOP");
    signal(SIGCHLD, SIG_DFL);
    end(pid);
}

static void listened_to(void)
{
    pid_t pid = sleeping_child();

    trace(PTRACE_SEIZE, pid, 0, 0);
    trace(PTRACE_INTERRUPT, pid, 0, 0);
    say_wait("interrupted", pid);
    SHOW(trace(PTRACE_LISTEN, pid, 0, 0));
    SHOW(trace(PTRACE_CONT, pid, 0, 0)); /* nothing else while it listens */
    kill(pid, SIGCONT);
    say_wait("SIGCONT", pid);
    kill(pid, SIGCONT);
    SHOW(trace(PTRACE_LISTEN, pid, 0, 0)); /* after SIGCONT */
    say_wait("a stop at once", pid);
    SHOW(trace(PTRACE_CONT, pid, 0, 0)); /* it obeys again */
    say_wait("SIGCONT itself", pid);
    end(pid);
}

static void stop_and_continued(void)
{
    pid_t pid = sleeping_child();

    trace(PTRACE_ATTACH, pid, 0, 0);
    say_wait("attached", pid);
    kill(pid, SIGCONT);
    SHOW(trace(PTRACE_CONT, pid, 0, SIGSTOP)); /* its SIGSTOP after SIGCONT */
    say_wait("does not stop it", pid);
    end(pid);
}

static void killed_at_a_signal(void)
{
    pid_t pid = sleeping_child();

    trace(PTRACE_SEIZE, pid, 0, 0);
    kill(pid, SIGTERM);
    say_wait("stopped for SIGTERM", pid);
    kill(pid, SIGKILL);
    say_wait("SIGKILL goes first", pid);
}

int main(void)
{
    call_info();
    waiting_signals();
    sigcont_of_seized();
    listened_to();
    stop_and_continued();
    killed_at_a_signal();
    return 0;
}
