// SPDX-License-Identifier: MIT
// Signals: sending them, waiting for them, and what they do.

#include <signal.h>

#include "tests/fuzz/arena.h"
#include "tests/fuzz/call.h"
#include "tests/fuzz/children.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/frames.h"
#include "tests/fuzz/values.h"
#include "tests/fuzz/worker.h"

#define SIGNALS    64
#define SET_SIZE   8
#define INFO_SIZE  128
#define AUTODISARM (UINT64_C(1) << 31)

/* ---- arguments ---- */

/* A signal that a process without a handler for it would not even notice. */
static uint64_t harmless_signal(void)
{
    static const uint64_t signals[] = {0, SIGCHLD, SIGURG, SIGWINCH};

    return PICK(signals);
}

static bool ends_a_worker(uint64_t number)
{
    static const uint64_t signals[] = {SIGKILL, SIGSTOP, SIGSEGV, SIGBUS,
                                       SIGILL,  SIGFPE,  SIGTRAP, SIGALRM};

    for (unsigned int i = 0; i < COUNT(signals); i++)
        if (signals[i] == number)
            return true;
    return false;
}

static uint64_t any_signal(const struct use *use)
{
    static const uint64_t odd[] = {65, 128, UINT64_MAX, (uint64_t)INT32_MIN};

    return use->wild && one_in(3) ? PICK(odd) : random_below(SIGNALS + 1);
}

static uint64_t handled_signal(const struct use *use)
{
    uint64_t number = any_signal(use);

    return ends_a_worker(number) ? SIGUSR1 : number;
}

/* A child, this process, its group, or everybody. */
static uint64_t victim(const struct use *use)
{
    switch (random_below(6)) {
    case 0:
        return (uint64_t)own_pid();
    case 1:
        return one_in(2) ? 0 : (uint64_t)-KERNEL(getpgrp);
    case 2:
        return use->wild ? (one_in(2) ? UINT64_MAX : (uint64_t)INT32_MIN) : child_pid(use);
    default:
        return child_pid(use);
    }
}

/* Whatever hits the worker must be harmless. */
static uint64_t victim_signal(const struct use *use)
{
    int pid = (int)use->argument[0];

    if (pid == own_pid())
        return handled_signal(use);
    return pid > 0 ? any_signal(use) : harmless_signal();
}

/* Whoever the descriptor is of. */
static uint64_t descriptors_signal(const struct use *use)
{
    (void)use;
    return harmless_signal();
}

/* PIDFD_SIGNAL_THREAD and its kind. */
DEFINE_CHOICE(reached, 0, 1, 2, 4)

static uint64_t victim_thread(const struct use *use)
{
    return one_in(8) ? child_pid(use) : use->argument[0];
}

static uint64_t thread(const struct use *use)
{
    return one_in(3) ? (uint64_t)own_pid() : child_pid(use);
}

static uint64_t thread_signal(const struct use *use)
{
    struct use of_last = *use;

    of_last.argument[0] = use->argument[use->index - 1];
    return victim_signal(&of_last);
}

/* A siginfo_t as a program may send it. */
static uint64_t info_to_send(const struct use *use)
{
    int *info = scratch_take(INFO_SIZE);

    info[0] = SIGUSR1;
    info[2] = use->wild ? (int)random_below(8) - 7 : -1;
    info[6] = (int)random_bits();
    return (uint64_t)info;
}

static void note(int number)
{
    (void)number;
}

/* Never SIG_DFL where that would end the worker; what blocks must stay interruptible. */
static uint64_t action(const struct use *use)
{
    static const uint64_t flags[] = {0, SA_RESTART, SA_NODEFER, SA_SIGINFO, SA_NOCLDSTOP};
    struct kernel_action *new_action = scratch_take(sizeof(*new_action));

    new_action->handler = one_in(4) ? 1 /* SIG_IGN */ : (uint64_t)note;
    new_action->flags = PICK(flags) | SA_RESTORER;
    new_action->restorer = (uint64_t)frames_return;
    new_action->mask = *(uint64_t *)signal_set(use);
    return one_in(3) ? 0 : (uint64_t)new_action;
}

/* A handler that returns to the fault that called it would never end. */
static uint64_t action_signal(const struct use *use)
{
    uint64_t number = any_signal(use);

    return ends_a_worker(number) && number != SIGKILL && number != SIGSTOP ? SIGUSR1 : number;
}

DEFINE_CHOICE(mask_how, SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK)

struct stack {
    uint64_t base;
    uint64_t flags;
    uint64_t size;
};

static uint64_t alternate_stack(const struct use *use)
{
    struct stack *stack = scratch_take(sizeof(*stack));

    stack->base = one_in(2) ? play_address(use) : (uint64_t)scratch_take(8192);
    stack->size = one_in(4) ? random_small(1 << 16) : 8192;
    stack->flags = one_in(2) ? 0 : PICK(((uint64_t[]){1, 2, AUTODISARM, 4, AUTODISARM | 1}));
    return one_in(8) ? 0 : (uint64_t)stack;
}

static uint64_t alarm_seconds(const struct use *use)
{
    return use->wild && one_in(2) ? UINT32_MAX : random_below(2);
}

/* ---- what takes more than a call ---- */

/* Half of the time there is a signal to be taken. */
static long run_timedwait(struct use *use)
{
    static const uint64_t bit = UINT64_C(1) << (SIGUSR1 - 1);
    uint64_t *set = scratch_take(sizeof(*set));

    if (one_in(2)) {
        *set = bit;
        KERNEL(rt_sigprocmask, SIG_BLOCK, &bit, 0, SET_SIZE);
        KERNEL(kill, own_pid(), SIGUSR1);
        use->argument[0] = (uint64_t)set;
    }
    return kernel_use(use);
}

/* A sleep that a stop interrupts goes on by this call; made directly it says that there is none. */
static long run_restart(struct use *use)
{
    static const struct fuzz_time nap = {0, 3000000}, shorter = {0, 500000};
    uint64_t stream = random_bits();
    long pid;

    if (one_in(2))
        return kernel_use(use);
    pid = KERNEL(fork);
    if (pid == 0) {
        children_begin_as_child(stream);
        worker_default_signals();
        long result = KERNEL(nanosleep, &nap, 0);
        KERNEL(exit_group, result);
    }
    if (pid < 0)
        return pid;
    children_add((int)pid);
    KERNEL(nanosleep, &shorter, 0);
    KERNEL(kill, pid, SIGSTOP);
    KERNEL(nanosleep, &shorter, 0);
    KERNEL(kill, pid, SIGCONT);
    long status = children_wait_through_stops((int)pid);
    children_remove((int)pid);
    return status == 0 ? 0 : -EFAULT;
}

/* ---- the table ---- */

/* Sharers write into scratch memory, too: whoever waits with the alarm blocked waits for ever. */
static long run_suspend(struct use *use)
{
    static uint64_t set;

    set = signals_but_alarm();
    use->argument[0] = (uint64_t)(uintptr_t)&set;
    return kernel_use(use);
}

static const struct call calls[] = {
    CALL(kill, TAKES(victim, victim_signal), .flags = CALL_AIMED),
    CALL(tkill, TAKES(thread, thread_signal), .flags = CALL_AIMED),
    CALL(tgkill, TAKES(thread, victim_thread, thread_signal), .flags = CALL_AIMED),
    CALL(rt_sigqueueinfo, TAKES(thread, thread_signal, info_to_send), .flags = CALL_AIMED),
    CALL(rt_tgsigqueueinfo, TAKES(thread, victim_thread, thread_signal, info_to_send),
         .flags = CALL_AIMED),
    CALL(pidfd_send_signal, TAKES(fd_process, descriptors_signal, zero, reached),
         .flags = CALL_AIMED),
    CALL(rt_sigaction, TAKES(action_signal, action, buffer_or_null, signal_set_size),
         .flags = CALL_AIMED),
    CALL(rt_sigprocmask, TAKES(mask_how, signal_set_or_null, buffer_or_null, signal_set_size)),
    CALL(rt_sigpending, TAKES(buffer, signal_set_size)),
    CALL(rt_sigsuspend, TAKES(signal_set, signal_set_size), .flags = CALL_BLOCKS | CALL_RARE,
         .counts = EINTR, .run = run_suspend),
    CALL(rt_sigtimedwait, TAKES(signal_set, buffer_or_null, short_time_or_null, signal_set_size),
         .flags = CALL_BLOCKS, .run = run_timedwait),
    CALL(rt_sigreturn, .flags = CALL_RARE, .run = frames_run),
    CALL(sigaltstack, TAKES(alternate_stack, buffer_or_null), .flags = CALL_IN_CHILD | CALL_RARE,
         .run = frames_run_alternate),
    CALL(alarm, TAKES(alarm_seconds)),
    CALL(pause, .flags = CALL_BLOCKS | CALL_RARE, .counts = EINTR),
    CALL(restart_syscall, .flags = CALL_RARE, .counts = EINTR, .run = run_restart),
};

const struct call_table signal_calls = {calls, COUNT(calls)};
