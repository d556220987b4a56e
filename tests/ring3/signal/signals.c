// SPDX-License-Identifier: MIT
/*
 * Signals without keys: what a handler is given, masks and actions.
 */
#include "tests/ring3/ring3.h"

#define DIRECTION_FLAG 0x400

/* ---- what a handler is given ---- */

static volatile int seen_number, seen_code, seen_pid;
static volatile uintptr_t seen_stack;
static volatile unsigned long seen_flags;
static sigset_t seen_mask, context_mask;
static volatile int nesting, deepest;

static void look_around(int number, siginfo_t *info, void *context)
{
    unsigned long flags;

    nesting++;
    deepest = nesting > deepest ? nesting : deepest;
    seen_number = number;
    seen_code = info->si_code;
    seen_pid = info->si_pid;
    seen_stack = (uintptr_t)__builtin_frame_address(0) + 8; // rsp at the handler's entry
    __asm__ volatile("pushf\n\tpop %0" : "=r"(flags));
    seen_flags = flags;
    sigprocmask(SIG_BLOCK, NULL, &seen_mask);
    context_mask = ((ucontext_t *)context)->uc_sigmask;
    nesting--;
}

static void sent_by_kill(void)
{
    handle(SIGUSR1, look_around, 0);
    EXPECT_SUCCESS(kill(getpid(), SIGUSR1));
    EXPECT_EQUAL(seen_number, SIGUSR1);
    EXPECT_EQUAL(seen_code, SI_USER);
    EXPECT_EQUAL(seen_pid, getpid());
    seen_pid = 0;
    EXPECT_SUCCESS(raise_here(SIGUSR1));
    EXPECT_EQUAL(seen_code, SI_TKILL);
    EXPECT_EQUAL(seen_pid, getpid());
}

static void entry_state(void)
{
    handle(SIGUSR1, look_around, 0);
    __asm__ volatile("std" : : : "cc");
    syscall(__NR_kill, getpid(), SIGUSR1);
    __asm__ volatile("cld" : : : "cc");
    EXPECT_EQUAL(seen_flags & DIRECTION_FLAG, 0);
    EXPECT_EQUAL(seen_stack % 16, 8);
}

/* The 128 bytes below the stack pointer are the interrupted function's. */
static void red_zone(void)
{
    long wrong;

    handle(SIGUSR1, look_around, 0);
    __asm__ volatile("mov %%rsp, %%r8\n\t"
                     "sub $256, %%rsp\n\t" // clear of this function's own red zone
                     "movq $0x1234, -8(%%rsp)\n\t"
                     "movq $0x5678, -128(%%rsp)\n\t"
                     "syscall\n\t"
                     "mov $0x1234, %0\n\t"
                     "sub -8(%%rsp), %0\n\t"
                     "mov $0x5678, %%edx\n\t"
                     "sub -128(%%rsp), %%rdx\n\t"
                     "or %%rdx, %0\n\t"
                     "mov %%r8, %%rsp"
                     : "=a"(wrong)
                     : "a"(__NR_kill), "D"(getpid()), "S"(SIGUSR1)
                     : "rcx", "rdx", "r8", "r11", "memory", "cc");
    EXPECT_EQUAL(seen_number, SIGUSR1);
    EXPECT_EQUAL(wrong, 0);
}

static void change_registers(int number, siginfo_t *info, void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

    probe_handler(number, info, context);
    EXPECT_EQUAL(registers[REG_R12], 0x1212);
    EXPECT_EQUAL(registers[REG_RBX], 0xbbbb);
    EXPECT_EQUAL(registers[REG_CSGSFS] & 0xffff, 0x33);
    registers[REG_R12] = 0x3434;
}

static void registers_in_frame(void)
{
    long r12;

    handle(SIGILL, change_registers, 0);
    __asm__ volatile("lea 9f(%%rip), %%rdx\n\t"
                     "mov %%rdx, %[resume]\n\t"
                     "mov %%rsp, %[stack]\n\t"
                     "mov $0xbbbb, %%ebx\n\t"
                     "mov $0x1212, %%r12d\n\t"
                     "ud2\n"
                     "9:\n\t"
                     "mov %%r12, %[r12]"
                     : [resume] "=m"(probe.resume), [stack] "=m"(probe.stack), [r12] "=a"(r12)
                     :
                     : "rbx", "rdx", "r12", "memory");
    EXPECT_EQUAL(r12, 0x3434);
    probe_init();
}

/* ---- masks ---- */

static sigset_t set_of(int number)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, number);
    return set;
}

static void blocked_while_handled(void)
{
    struct sigaction action = {
        .sa_sigaction = look_around, .sa_flags = SA_SIGINFO, .sa_mask = set_of(SIGUSR2)};
    sigset_t after;

    sigaction(SIGUSR1, &action, NULL);
    raise_here(SIGUSR1);
    EXPECT_EQUAL(sigismember(&seen_mask, SIGUSR1), 1);
    EXPECT_EQUAL(sigismember(&seen_mask, SIGUSR2), 1);
    EXPECT_EQUAL(sigismember(&seen_mask, SIGTERM), 0);
    EXPECT_EQUAL(sigismember(&context_mask, SIGUSR1), 0);
    sigprocmask(SIG_BLOCK, NULL, &after);
    EXPECT_EQUAL(sigismember(&after, SIGUSR1), 0);
    EXPECT_EQUAL(sigismember(&after, SIGUSR2), 0);
    action.sa_flags |= SA_NODEFER;
    sigaction(SIGUSR1, &action, NULL);
    raise_here(SIGUSR1);
    EXPECT_EQUAL(sigismember(&seen_mask, SIGUSR1), 0);
    EXPECT_EQUAL(sigismember(&seen_mask, SIGUSR2), 1);
}

static void raise_again(int number, siginfo_t *info, void *context)
{
    static int left = 2;

    if (left-- > 0)
        raise_here(number);
    look_around(number, info, context);
}

static void pends_while_handled(void)
{
    deepest = 0;
    handle(SIGUSR1, raise_again, 0);
    raise_here(SIGUSR1);
    EXPECT_EQUAL(deepest, 1);
}

static void block_in_frame(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    sigaddset(&((ucontext_t *)context)->uc_sigmask, SIGUSR2);
}

static void mask_in_frame(void)
{
    sigset_t usr2 = set_of(SIGUSR2);
    sigset_t after;

    handle(SIGUSR1, block_in_frame, 0);
    raise_here(SIGUSR1);
    sigprocmask(SIG_UNBLOCK, &usr2, &after);
    EXPECT_EQUAL(sigismember(&after, SIGUSR2), 1);
    EXPECT_EQUAL(sigismember(&after, SIGUSR1), 0);
}

static void blocked_and_pending(void)
{
    sigset_t usr1 = set_of(SIGUSR1);
    sigset_t pending;

    seen_number = 0;
    handle(SIGUSR1, look_around, 0);
    EXPECT_SUCCESS(sigprocmask(SIG_BLOCK, &usr1, NULL));
    raise_here(SIGUSR1);
    raise_here(SIGUSR1);
    EXPECT_EQUAL(seen_number, 0);
    EXPECT_SUCCESS(sigpending(&pending));
    EXPECT_EQUAL(sigismember(&pending, SIGUSR1), 1);
    EXPECT_SUCCESS(sigprocmask(SIG_UNBLOCK, &usr1, NULL));
    EXPECT_EQUAL(seen_number, SIGUSR1);
    sigpending(&pending);
    EXPECT_EQUAL(sigismember(&pending, SIGUSR1), 0);
}

static void suspended(void)
{
    sigset_t usr1 = set_of(SIGUSR1);
    sigset_t none;

    sigemptyset(&none);
    handle(SIGUSR1, look_around, 0);
    sigprocmask(SIG_BLOCK, &usr1, NULL);
    raise_here(SIGUSR1);
    seen_number = 0;
    EXPECT_ERROR(sigsuspend(&none), EINTR);
    EXPECT_EQUAL(seen_number, SIGUSR1);
    EXPECT_EQUAL(sigismember(&context_mask, SIGUSR1), 1);
    sigprocmask(SIG_UNBLOCK, &usr1, NULL);
}

static void refused_masks(void)
{
    unsigned long mask = 0;

    EXPECT_ERROR(syscall(__NR_rt_sigprocmask, 3, &mask, NULL, 8), EINVAL);
    EXPECT_ERROR(syscall(__NR_rt_sigprocmask, SIG_BLOCK, &mask, NULL, 16), EINVAL);
    mask = 1UL << (SIGKILL - 1) | 1UL << (SIGSTOP - 1);
    EXPECT_SUCCESS(syscall(__NR_rt_sigprocmask, SIG_BLOCK, &mask, NULL, 8));
    EXPECT_SUCCESS(syscall(__NR_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8));
    EXPECT_EQUAL(mask & (1UL << (SIGKILL - 1) | 1UL << (SIGSTOP - 1)), 0);
}

/* ---- actions ---- */

static void refused_actions(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    EXPECT_ERROR(syscall(__NR_rt_sigaction, SIGKILL, &ignore, NULL, 8), EINVAL);
    EXPECT_ERROR(syscall(__NR_rt_sigaction, SIGSTOP, &ignore, NULL, 8), EINVAL);
    EXPECT_ERROR(syscall(__NR_rt_sigaction, 0, NULL, NULL, 8), EINVAL);
    EXPECT_ERROR(syscall(__NR_rt_sigaction, 65, NULL, NULL, 8), EINVAL);
    EXPECT_ERROR(syscall(__NR_rt_sigaction, SIGUSR1, NULL, NULL, 4), EINVAL);
    EXPECT_ERROR(kill(getpid(), 65), EINVAL);
    EXPECT_ERROR(kill(getpid(), -1), EINVAL);
    EXPECT_ERROR(kill(999999, 0), ESRCH);
    EXPECT_SUCCESS(kill(getpid(), 0));
}

static void old_action(void)
{
    struct sigaction old;

    handle(SIGUSR1, look_around, SA_NODEFER | SA_ONSTACK);
    EXPECT_SUCCESS(sigaction(SIGUSR1, NULL, &old));
    EXPECT(old.sa_sigaction == look_around);
    EXPECT_EQUAL(old.sa_flags & (SA_SIGINFO | SA_NODEFER | SA_ONSTACK | SA_RESTART),
                 SA_SIGINFO | SA_NODEFER | SA_ONSTACK);
}

static void reset_action(void)
{
    struct sigaction old;

    seen_number = 0;
    handle(SIGUSR1, look_around, SA_RESETHAND);
    raise_here(SIGUSR1);
    EXPECT_EQUAL(seen_number, SIGUSR1);
    sigaction(SIGUSR1, NULL, &old);
    EXPECT(old.sa_handler == SIG_DFL);
}

static void ignored(void)
{
    signal(SIGUSR1, SIG_IGN);
    EXPECT_SUCCESS(raise_here(SIGUSR1));
    signal(SIGUSR1, SIG_DFL);
    EXPECT_SUCCESS(raise_here(SIGCHLD));
    EXPECT_SUCCESS(raise_here(SIGWINCH));
}

/* What is queued of that signal and code to itself, with a byte at the end of its siginfo. */
static long queue_with_tail(int number, int code)
{
    siginfo_t info = {.si_code = code};

    ((char *)&info)[sizeof(info) - 1] = 1;
    return syscall(__NR_rt_sigqueueinfo, getpid(), number, &info);
}

/* Signals with codes of their own are ignored meanwhile, so that those that are taken end nothing.
 */
static void siginfo_with_a_tail(void)
{
    static const int numbers[] = {SIGILL, SIGFPE, SIGSEGV, SIGBUS, SIGTRAP, SIGCHLD, SIGSYS};

    for (size_t i = 0; i < COUNT(numbers); i++) {
        signal(numbers[i], SIG_IGN);
        EXPECT_SUCCESS(queue_with_tail(numbers[i], 1));
        EXPECT_SUCCESS(queue_with_tail(numbers[i], CODE_KERNEL));
        EXPECT_SUCCESS(queue_with_tail(numbers[i], SI_QUEUE));
        EXPECT_ERROR(queue_with_tail(numbers[i], 100), E2BIG);
        EXPECT_ERROR(queue_with_tail(numbers[i], -100), E2BIG);
        signal(numbers[i], SIG_DFL);
    }
    probe_init();
}

static const struct ktap_test tests[] = {
    {"kill says SI_USER and the sender, raise SI_TKILL", sent_by_kill},
    {"a handler starts with DF clear and an aligned stack", entry_state},
    {"the red zone is left alone", red_zone},
    {"the frame has the registers, and their changes count", registers_in_frame},
    {"a handler has its signal and sa_mask blocked, its return unblocks", blocked_while_handled},
    {"a signal sent in its own handler waits", pends_while_handled},
    {"a mask edited in the frame counts", mask_in_frame},
    {"a blocked signal is pending, once, until it is unblocked", blocked_and_pending},
    {"sigsuspend waits with its mask and restores the old one", suspended},
    {"masks: bad calls are EINVAL, SIGKILL and SIGSTOP are never blocked", refused_masks},
    {"actions: bad calls are refused", refused_actions},
    {"sigaction gives the old action", old_action},
    {"SA_RESETHAND resets the action", reset_action},
    {"ignored signals do nothing", ignored},
    {"bytes behind a siginfo whose code is unknown: E2BIG", siginfo_with_a_tail},
};

int main(void)
{
    probe_init();
    return ktap_run(tests, COUNT(tests), NULL);
}
