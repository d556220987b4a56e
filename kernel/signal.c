// SPDX-License-Identifier: MIT
#include "kernel/signal.h"

#include <asm/errno.h>
#include <asm/unistd_64.h>

#include "arch/bug.h"
#include "arch/cpu.h"
#include "arch/pkru.h"
#include "kernel/file.h"
#include "kernel/group.h"
#include "kernel/process.h"
#include "kernel/ptrace.h"
#include "kernel/report.h"
#include "kernel/sched.h"
#include "kernel/stop.h"
#include "kernel/task.h"
#include "libc/include/string.h"
#include "mm/slab.h"

#define NEVER_BLOCKED (signal_bit(SIGKILL) | signal_bit(SIGSTOP))

/* Signals whose default is to be ignored, and those whose default leaves a core dump. */
#define DEFAULT_IGNORED \
    (signal_bit(SIGCHLD) | signal_bit(SIGURG) | signal_bit(SIGWINCH) | signal_bit(SIGCONT))
#define DEFAULT_CORE                                                                        \
    (signal_bit(SIGQUIT) | signal_bit(SIGILL) | signal_bit(SIGTRAP) | signal_bit(SIGABRT) | \
     signal_bit(SIGFPE) | signal_bit(SIGSEGV) | signal_bit(SIGBUS) | signal_bit(SIGSYS) |   \
     signal_bit(SIGXCPU) | signal_bit(SIGXFSZ))
#define DEFAULT_STOP \
    (signal_bit(SIGSTOP) | signal_bit(SIGTSTP) | signal_bit(SIGTTIN) | signal_bit(SIGTTOU))
#define SYNCHRONOUS                                                                        \
    (signal_bit(SIGSEGV) | signal_bit(SIGBUS) | signal_bit(SIGILL) | signal_bit(SIGTRAP) | \
     signal_bit(SIGFPE) | signal_bit(SIGSYS))

#define FIRST_REALTIME 32

struct wait_queue signal_arrivals = WAIT_QUEUE_INIT(signal_arrivals);

/* ---- handlers ---- */

struct signal_actions *signal_actions_create(void)
{
    struct signal_actions *actions = kzalloc(sizeof(*actions));

    if (actions)
        actions->references = 1;
    return actions;
}

struct signal_actions *signal_actions_copy(struct signal_actions *actions)
{
    struct signal_actions *copy = signal_actions_create();

    if (copy)
        memcpy(copy->action, actions->action, sizeof(copy->action));
    return copy;
}

void signal_actions_put(struct signal_actions *actions)
{
    if (__atomic_sub_fetch(&actions->references, 1, __ATOMIC_ACQ_REL) == 0)
        kfree(actions);
}

void signal_actions_reset(struct signal_actions *actions)
{
    for (int i = 0; i < SIGNAL_COUNT; i++) {
        struct sigaction *action = &actions->action[i];
        __sighandler_t kept = action->sa_handler == SIG_IGN ? SIG_IGN : SIG_DFL;
        *action = (struct sigaction){.sa_handler = kept};
    }
}

static const struct sigaction *action_of(const struct task *task, int signal)
{
    return &task->signals.actions->action[signal - 1];
}

static bool is_ignored(const struct task *task, int signal)
{
    __sighandler_t handler = action_of(task, signal)->sa_handler;

    return handler == SIG_IGN || (handler == SIG_DFL && (DEFAULT_IGNORED & signal_bit(signal)));
}

/* ---- pending signals ---- */

void signal_state_init(struct signal_state *state)
{
    memset(state, 0, sizeof(*state));
    TAILQ_INIT(&state->queue);
    state->lock.name = "signals";
    state->stack_flags = SS_DISABLE;
}

static void remove_pending(struct signal_state *state, struct pending_signal *pending)
{
    struct pending_signal *other;
    int signal = pending->info.si_signo;

    TAILQ_REMOVE(&state->queue, pending, link);
    state->queue_length--;
    TAILQ_FOREACH (other, &state->queue, link)
        if (other->info.si_signo == signal)
            return;
    state->pending &= ~signal_bit(signal);
}

void signal_flush(struct signal_state *state)
{
    struct pending_signal *pending;

    while ((pending = TAILQ_FIRST(&state->queue))) {
        remove_pending(state, pending);
        kfree(pending);
    }
    state->pending = 0;
}

/* RLIMIT_SIGPENDING is for real-time signals, and for others that claim to be queued. */
static bool may_queue(const struct task *task, const siginfo_t *info)
{
    if (info->si_signo < FIRST_REALTIME && info->si_code >= 0)
        return true;
    return task->signals.queue_length < task->limits[RLIMIT_SIGPENDING].rlim_cur;
}

/*
 * Without memory a signal comes without its siginfo, as on Linux: SIGKILL must work then above
 * all. Only of a queued one that is all about its value is the sender told.
 */
static int queue_signal(struct task *task, const siginfo_t *info)
{
    struct signal_state *state = &task->signals;
    struct pending_signal *pending;

    if (info->si_signo < FIRST_REALTIME && (state->pending & signal_bit(info->si_signo)))
        return 0;
    pending = may_queue(task, info) ? kmalloc(sizeof(*pending)) : NULL;
    if (!pending && info->si_signo >= FIRST_REALTIME && info->si_code != SI_USER)
        return -EAGAIN;
    uint64_t flags = spin_lock_irqsave(&state->lock);
    if (pending) {
        pending->info = *info;
        TAILQ_INSERT_TAIL(&state->queue, pending, link);
        state->queue_length++;
    }
    state->pending |= signal_bit(info->si_signo);
    task_set_work(task, WORK_SIGNAL);
    spin_unlock_irqrestore(&state->lock, flags);
    return 0;
}

/* Drops what is pending of a set of signals: SIGCONT and the stop signals cancel each other. */
static void drop_pending(struct signal_state *state, signal_set_t set)
{
    struct pending_signal *pending, *next;
    uint64_t flags = spin_lock_irqsave(&state->lock);

    TAILQ_FOREACH_SAFE(pending, &state->queue, link, next)
    {
        if (set & signal_bit(pending->info.si_signo)) {
            remove_pending(state, pending);
            kfree(pending);
        }
    }
    state->pending &= ~set;
    spin_unlock_irqrestore(&state->lock, flags);
}

void signal_drop_ignored(int signal)
{
    if (is_ignored(current(), signal))
        drop_pending(&current()->signals, signal_bit(signal));
}

int signal_send_info(struct task *task, const siginfo_t *info)
{
    int signal = info->si_signo;
    bool blocked = task->signals.blocked & ~NEVER_BLOCKED & signal_bit(signal);
    bool awaited = task->signals.awaited & signal_bit(signal);

    if (task->state == TASK_ZOMBIE || !task->signals.actions)
        return 0;
    if (signal == SIGCONT) {
        drop_pending(&task->signals, DEFAULT_STOP);
        stop_continue(task);
    } else if (DEFAULT_STOP & signal_bit(signal)) {
        drop_pending(&task->signals, signal_bit(SIGCONT));
    }
    /* A tracer is told of what the program ignores, too. */
    if (is_ignored(task, signal) && !blocked && !awaited && !task->trace.tracer &&
        signal != SIGKILL)
        return 0;
    int error = queue_signal(task, info);
    if (!error && !blocked)
        sched_notify(task);
    file_wake(&signal_arrivals);
    if (signal == SIGKILL)
        sched_continue(task);
    return error;
}

int signal_send(struct task *task, int signal)
{
    siginfo_t info = {.si_signo = signal, .si_code = SI_KERNEL};

    return signal_send_info(task, &info);
}

int signal_send_group(int pgid, int signal)
{
    struct task *task;
    int result = -ESRCH;

    TAILQ_FOREACH (task, &all_tasks, all_link)
        if (task->pgid == pgid)
            result = signal_send(task, signal);
    return result;
}

void signal_force(const siginfo_t *info)
{
    struct task *task = current();
    struct sigaction *action = &task->signals.actions->action[info->si_signo - 1];
    signal_set_t bit = signal_bit(info->si_signo);

    if ((task->signals.blocked & bit) || action->sa_handler == SIG_IGN) {
        action->sa_handler = SIG_DFL;
        task->signals.blocked &= ~bit;
    }
    queue_signal(task, info);
}

bool signal_pending(void)
{
    const struct signal_state *state = &current()->signals;

    return state->pending & ~(state->blocked & ~NEVER_BLOCKED);
}

bool signal_is_killed(const struct task *task)
{
    return task->signals.pending & signal_bit(SIGKILL);
}

/* Takes the lowest signal of a set of which at least one is pending. The lock is held. */
static void take_lowest(struct signal_state *state, signal_set_t set, siginfo_t *info)
{
    int signal = __builtin_ctzl(set) + 1;
    struct pending_signal *pending;

    TAILQ_FOREACH (pending, &state->queue, link)
        if (pending->info.si_signo == signal)
            break;
    if (!pending) { /* there was no memory for its siginfo */
        *info = (siginfo_t){.si_signo = signal, .si_code = SI_USER};
        state->pending &= ~signal_bit(signal);
        return;
    }
    *info = pending->info;
    remove_pending(state, pending);
    kfree(pending);
}

/*
 * Takes the next signal to deliver: one that the program's own instruction caused before others,
 * and otherwise the lowest number. False: none is there.
 */
static bool take_signal(struct task *task, siginfo_t *info)
{
    struct signal_state *state = &task->signals;
    uint64_t flags = spin_lock_irqsave(&state->lock);
    signal_set_t ready = state->pending & ~(state->blocked & ~NEVER_BLOCKED);

    if (ready & signal_bit(SIGKILL))
        ready = signal_bit(SIGKILL);
    else if (ready & SYNCHRONOUS)
        ready &= SYNCHRONOUS;
    if (ready)
        take_lowest(state, ready, info);
    else
        task_clear_work(task, WORK_SIGNAL);
    spin_unlock_irqrestore(&state->lock, flags);
    return ready;
}

bool signal_take(signal_set_t set, siginfo_t *info)
{
    struct signal_state *state = &current()->signals;
    uint64_t flags = spin_lock_irqsave(&state->lock);
    signal_set_t ready = state->pending & set;

    if (ready)
        take_lowest(state, ready, info);
    spin_unlock_irqrestore(&state->lock, flags);
    return ready;
}

/* ---- delivering ---- */

/* How an interrupted system call goes on: what it returned, or 0 for one that was not. */
static long interrupted_result(const struct trap_frame *frame)
{
    long result = (long)frame->rax;

    if (frame->vector != VECTOR_SYSCALL ||
        (result != -ERESTARTSYS && result != -ERESTARTNOHAND && result != -ERESTART_BLOCK))
        return 0;
    return result;
}

/* The call is made once more, from its SYSCALL instruction (two bytes). */
static void make_again(struct trap_frame *frame, uint64_t number)
{
    frame->rax = number;
    frame->rip -= 2;
    frame_is_changed(frame);
}

/* A handler runs after the call: made again behind it only for SA_RESTART. */
static void settle_for_handler(struct trap_frame *frame, unsigned long flags)
{
    long result = interrupted_result(frame);

    current()->sleep_until = 0; /* nothing of it is left for restart_syscall() */
    if (result == -ERESTARTSYS && (flags & SA_RESTART))
        make_again(frame, frame->error_code);
    else if (result)
        frame->rax = (uint64_t)-EINTR;
}

static void settle_without_handler(struct trap_frame *frame)
{
    long result = interrupted_result(frame);

    if (result == -ERESTART_BLOCK)
        make_again(frame, __NR_restart_syscall);
    else if (result)
        make_again(frame, frame->error_code);
}

static void __attribute__((noreturn)) die(struct trap_frame *frame, const siginfo_t *info)
{
    int signal = info->si_signo;

    if (DEFAULT_CORE & signal_bit(signal))
        report_fatal_signal(current(), frame, info, cpu_state.pku ? read_pkru() : 0);
    process_exit(signal);
}

static void run_handler(struct trap_frame *frame, const siginfo_t *info)
{
    struct signal_state *state = &current()->signals;
    struct sigaction action = *action_of(current(), info->si_signo);
    signal_set_t before = state->restore_blocked ? state->saved_blocked : state->blocked;
    siginfo_t failure = {.si_signo = SIGSEGV, .si_code = SI_KERNEL};
    bool stepped = current()->trace.single_step;

    ptrace_clear_step(current());
    state->restore_blocked = false;
    settle_for_handler(frame, action.sa_flags);
    if (action.sa_flags & SA_RESETHAND)
        state->actions->action[info->si_signo - 1].sa_handler = SIG_DFL;
    if (signal_frame_setup(frame, info, &action, before)) {
        /* No stack for the handler. If it was SIGSEGV's own, nothing is left to try. */
        if (info->si_signo == SIGSEGV)
            die(frame, &failure);
        signal_force(&failure);
        return;
    }
    state->blocked |= action.sa_mask;
    if (!(action.sa_flags & SA_NODEFER))
        state->blocked |= signal_bit(info->si_signo);
    state->blocked &= ~NEVER_BLOCKED;
    if (stepped)
        ptrace_step_stop();
}

/* What SIG_DFL means: nothing, a stop, or the end. */
static void default_action(struct trap_frame *frame, const siginfo_t *info)
{
    signal_set_t bit = signal_bit(info->si_signo);

    if (DEFAULT_IGNORED & bit)
        return;
    if (!(DEFAULT_STOP & bit))
        die(frame, info);
    /* A terminal's stop is nothing to a group that nobody could let go on. */
    if (info->si_signo != SIGSTOP && group_is_orphaned())
        return;
    if (current()->trace.tracer)
        ptrace_group_stop(info->si_signo);
    else
        stop_current(STOP_JOB, info->si_signo);
}

/* Returns whether a handler is to run, so that no further signal is looked at before it. */
static bool deliver(struct trap_frame *frame, siginfo_t *info)
{
    struct task *task = current();

    if (info->si_signo == SIGKILL)
        process_exit(SIGKILL);
    if (task->trace.tracer && !ptrace_signal_stop(info))
        return false;
    __sighandler_t handler = action_of(task, info->si_signo)->sa_handler;
    if (handler == SIG_IGN)
        return false;
    if (handler == SIG_DFL) {
        default_action(frame, info);
        return false;
    }
    run_handler(frame, info);
    return true;
}

/* A tracer that changed registers decides what an interrupted call does, by rax and orig_rax. */
static void take_tracer_changes(struct trap_frame *frame)
{
    struct task *task = current();

    if (!task->registers_changed)
        return;
    task->registers_changed = false;
    if (frame->vector == VECTOR_SYSCALL && (long)frame->error_code >= 0 &&
        interrupted_result(frame))
        return;
    frame_is_changed(frame);
}

void signal_deliver(struct trap_frame *frame)
{
    struct task *task = current();
    struct signal_state *state = &task->signals;
    siginfo_t info;

    for (;;) {
        if (task->trace.stop_wanted)
            ptrace_interrupt_stop();
        if (!take_signal(task, &info))
            break;
        bool handled = deliver(frame, &info);
        take_tracer_changes(frame);
        if (handled)
            return;
    }
    take_tracer_changes(frame);
    settle_without_handler(frame);
    if (state->restore_blocked) {
        state->blocked = state->saved_blocked;
        state->restore_blocked = false;
    }
}
