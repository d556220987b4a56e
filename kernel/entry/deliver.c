// SPDX-License-Identifier: MIT
/*
 * Signals on the way back to ring 3: the next one is taken, and the task continues in its handler,
 * stops, or ends. A system call that the signal interrupted is restarted or returns EINTR.
 */
#include "kernel/entry/trap.h"

#include <asm/errno.h>
#include <asm/unistd_64.h>

#include "arch/cpu/cpu.h"
#include "arch/mmu/pkru.h"
#include "kernel/call/syscall.h"
#include "kernel/console/console.h"
#include "kernel/report/report.h"
#include "kernel/signal/signal.h"
#include "kernel/task/kernel_lock.h"
#include "kernel/task/process.h"
#include "kernel/task/task.h"
#include "kernel/task/wait_queue.h"

/* The result of an interrupted system call, which says how it continues; 0 if there is none. */
static long interrupted_result(const struct trap_frame *frame)
{
    long result = (long)frame->rax;

    if (frame->vector != VECTOR_SYSCALL ||
        (result != -ERESTARTSYS && result != -ERESTARTNOHAND && result != -ERESTART_BLOCK))
        return 0;
    return result;
}

/* Restarts the call: RIP goes back to its SYSCALL instruction, which is two bytes long. */
static void make_again(struct trap_frame *frame, uint64_t number)
{
    frame->rax = number;
    frame->rip -= 2;
    frame_is_changed(frame);
}

/* A handler runs: after it the call is restarted only with SA_RESTART. */
static void settle_for_handler(struct trap_frame *frame, unsigned long flags)
{
    long result = interrupted_result(frame);

    current()->restart.resume = NULL; /* restart_syscall() must not resume it */
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

PARALLEL_SYSCALL0(restart_syscall)
{
    const struct restart restart = current()->restart;

    current()->restart.resume = NULL;
    return restart.resume ? restart.resume(&restart) : -EINTR;
}

/* The first program's end is the machine's, so its report is never suppressed. */
static bool is_reported(int signal)
{
    return (DEFAULT_CORE & signal_bit(signal)) &&
           (current_process()->pid == FIRST_PID || !ASK(message_comes, MESSAGE_REPORT));
}

/*
 * One report at a time, and without the kernel lock, because a serial line is slow. Meanwhile the
 * other threads end, and nothing else uses this one.
 */
static void report(const struct trap_frame *frame, const siginfo_t *info)
{
    static struct mutex reporting = {.waiters = WAIT_QUEUE_INIT(reporting.waiters)};
    uint32_t pkru = cpu_state.pku ? read_pkru() : 0;

    mutex_lock(&reporting);
    unsigned int depth = kernel_lock_drop();
    report_fatal_signal(frame, info, pkru);
    kernel_lock_retake(depth);
    mutex_unlock(&reporting);
}

static void __attribute__((noreturn)) die(const struct trap_frame *frame, const siginfo_t *info)
{
    int signal = info->si_signo;

    process_doom(signal);
    if (is_reported(signal))
        report(frame, info);
    process_exit(signal);
}

/* The handler's frame could not be written. If it was SIGSEGV's own, nothing is left to try. */
static void fail_handler(struct trap_frame *frame, int signal)
{
    static const siginfo_t failure = {.si_signo = SIGSEGV, .si_code = SI_KERNEL};

    if (signal == SIGSEGV)
        die(frame, &failure);
    signal_force(&failure);
}

/* Not inlined: the loop of TELL() would cost registers on the path of every handler. */
static __attribute__((noinline)) void tell_traced_handler(bool is_entered)
{
    TELL(traced_handler, is_entered);
}

static void run_handler(struct trap_frame *frame, const siginfo_t *info)
{
    struct signal_state *state = &current()->signals;
    struct sigaction *action = signal_action_of(current_process(), info->si_signo);
    signal_set_t before = state->restore_blocked ? state->saved_blocked : state->blocked;

    if (current()->tracer)
        tell_traced_handler(false);
    state->restore_blocked = false;
    settle_for_handler(frame, action->sa_flags);
    int error = signal_frame_setup(frame, info, action, before);
    if (action->sa_flags & SA_RESETHAND)
        action->sa_handler = SIG_DFL;
    if (error) {
        fail_handler(frame, info->si_signo);
        return;
    }
    state->blocked |= action->sa_mask;
    if (!(action->sa_flags & SA_NODEFER))
        state->blocked |= signal_bit(info->si_signo);
    state->blocked &= ~SIGNALS_NEVER_BLOCKED;
    signal_retarget();
    if (current()->tracer)
        tell_traced_handler(true);
}

/* What SIG_DFL means: nothing, a stop, or the end. */
static void default_action(struct trap_frame *frame, const siginfo_t *info)
{
    signal_set_t bit = signal_bit(info->si_signo);

    if (DEFAULT_IGNORED & bit)
        return;
    if (!(DEFAULT_STOP & bit))
        die(frame, info);
    TELL(stop_signal_acts, info->si_signo);
}

/* Returns whether a handler is to run: no further signal is taken before it. */
static bool deliver(struct trap_frame *frame, siginfo_t *info)
{
    struct task *task = current();

    if (info->si_signo == SIGKILL && task->is_doomed)
        thread_exit(SIGKILL);
    if (info->si_signo == SIGKILL)
        process_exit(SIGKILL);
    if (task->tracer && ASK(traced_signal, info))
        return false;
    __sighandler_t handler = signal_action_of(task->process, info->si_signo)->sa_handler;
    if (handler == SIG_IGN)
        return false;
    if (handler == SIG_DFL) {
        default_action(frame, info);
        return false;
    }
    run_handler(frame, info);
    return true;
}

/* By rax and orig_rax a tracer that changed registers decides what an interrupted call does. */
static void take_tracer_changes(struct trap_frame *frame)
{
    struct task *task = current();

    if (!(task->work & WORK_REGISTERS))
        return;
    task_clear_work(task, WORK_REGISTERS);
    if (frame->vector == VECTOR_SYSCALL && (long)frame->error_code >= 0 &&
        interrupted_result(frame))
        return;
    frame_is_changed(frame);
}

/*
 * Nearly always the program has a handler and nothing else is pending: then the frame is built at
 * once.
 */
void signal_raise(struct trap_frame *frame, const siginfo_t *info)
{
    struct task *task = current();
    __sighandler_t handler = signal_action_of(task->process, info->si_signo)->sa_handler;

    if (handler == SIG_DFL || handler == SIG_IGN || signal_is_blocked(task, info->si_signo) ||
        (task->work & WORK_SIGNAL) || task->tracer)
        signal_force(info);
    else
        run_handler(frame, info);
}

void signal_deliver(struct trap_frame *frame)
{
    struct task *task = current();
    struct signal_state *state = &task->signals;
    siginfo_t info;

    for (;;) {
        if (task->work & (WORK_STOP | WORK_MOVE)) {
            if (ASK(stop_is_due))
                continue;
            task_clear_work(task, WORK_STOP | WORK_MOVE);
        }
        if (!signal_take_next(task, &info))
            break;
        bool handled = deliver(frame, &info);
        take_tracer_changes(frame);
        if (handled)
            return;
    }
    take_tracer_changes(frame);
    settle_without_handler(frame);
    if (state->restore_blocked) {
        state->restore_blocked = false;
        signal_set_blocked(state->saved_blocked);
    }
}
