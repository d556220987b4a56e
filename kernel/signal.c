// SPDX-License-Identifier: MIT
#include "kernel/signal.h"

#include <asm/errno.h>
#include <asm/unistd_64.h>

#include "arch/bug.h"
#include "arch/cpu.h"
#include "arch/pkru.h"
#include "kernel/file.h"
#include "kernel/group.h"
#include "kernel/kernel_lock.h"
#include "kernel/log_limit.h"
#include "kernel/mutex.h"
#include "kernel/posix_timer.h"
#include "kernel/process.h"
#include "kernel/ptrace.h"
#include "kernel/report.h"
#include "kernel/sched.h"
#include "kernel/stop.h"
#include "kernel/task.h"
#include "libc/include/string.h"
#include "mm/slab.h"

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

static uint64_t queued_signals; /* the length of all queues */

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
    struct signal_actions *copy = kmalloc(sizeof(*copy));

    if (!copy)
        return NULL;
    copy->references = 1;
    memcpy(copy->action, actions->action, sizeof(copy->action));
    return copy;
}

void signal_actions_get(struct signal_actions *actions)
{
    __atomic_fetch_add(&actions->references, 1, __ATOMIC_RELAXED);
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
    return &task->process->actions->action[signal - 1];
}

static bool is_ignored(const struct process *process, int signal)
{
    __sighandler_t handler = process->actions->action[signal - 1].sa_handler;

    return handler == SIG_IGN || (handler == SIG_DFL && (DEFAULT_IGNORED & signal_bit(signal)));
}

/* ---- pending signals ---- */

void signal_queue_init(struct signal_queue *queue)
{
    queue->set = 0;
    queue->length = 0;
    TAILQ_INIT(&queue->list);
}

void signal_state_init(struct signal_state *state)
{
    memset(state, 0, sizeof(*state));
    signal_queue_init(&state->pending);
}

static void remove_pending(struct signal_queue *queue, struct pending_signal *pending)
{
    struct pending_signal *other;
    int signal = pending->info.si_signo;

    TAILQ_REMOVE(&queue->list, pending, link);
    queue->length--;
    queued_signals--;
    TAILQ_FOREACH (other, &queue->list, link)
        if (other->info.si_signo == signal)
            return;
    queue->set &= ~signal_bit(signal);
}

void signal_flush(struct signal_queue *queue)
{
    struct pending_signal *pending;

    while ((pending = TAILQ_FIRST(&queue->list))) {
        remove_pending(queue, pending);
        kfree(pending);
    }
    queue->set = 0;
}

unsigned int signal_count_queued(uint32_t user)
{
    const struct process *process;
    const struct task *thread;
    unsigned int count = 0;

    TAILQ_FOREACH (process, &all_processes, all_link) {
        if (process->leader->credentials.user.real != user)
            continue;
        count += process->pending.length;
        TAILQ_FOREACH (thread, &process->threads, thread)
            count += thread->signals.pending.length;
    }
    return count;
}

/*
 * RLIMIT_SIGPENDING is for real-time signals, and for others that claim to be queued. It is a
 * user's; as long as there are fewer in all, nobody counts them.
 */
static bool may_queue(const struct process *process, const siginfo_t *info)
{
    uint64_t limit = process->limits[RLIMIT_SIGPENDING].rlim_cur;

    if (info->si_signo < FIRST_REALTIME && info->si_code >= 0)
        return true;
    return queued_signals < limit ||
           signal_count_queued(process->leader->credentials.user.real) < limit;
}

/*
 * Without memory a signal comes without its siginfo, as on Linux: SIGKILL must work then above
 * all. Only of a queued one that is all about its value is the sender told.
 */
static int enqueue(const struct process *process, struct signal_queue *queue, const siginfo_t *info)
{
    struct pending_signal *pending;

    if (info->si_signo < FIRST_REALTIME && (queue->set & signal_bit(info->si_signo)))
        return 0;
    pending = may_queue(process, info) ? kmalloc(sizeof(*pending)) : NULL;
    if (!pending && info->si_signo >= FIRST_REALTIME && info->si_code != SI_USER)
        return -EAGAIN;
    if (pending) {
        pending->info = *info;
        TAILQ_INSERT_TAIL(&queue->list, pending, link);
        queue->length++;
        queued_signals++;
    }
    queue->set |= signal_bit(info->si_signo);
    return 0;
}

static void drop_pending(struct signal_queue *queue, signal_set_t set)
{
    struct pending_signal *pending, *next;

    TAILQ_FOREACH_SAFE(pending, &queue->list, link, next)
    {
        if (set & signal_bit(pending->info.si_signo)) {
            remove_pending(queue, pending);
            kfree(pending);
        }
    }
    queue->set &= ~set;
}

static void drop_everywhere(struct process *process, signal_set_t set)
{
    struct task *thread;

    drop_pending(&process->pending, set);
    TAILQ_FOREACH (thread, &process->threads, thread)
        drop_pending(&thread->signals.pending, set);
}

void signal_drop_ignored(int signal)
{
    if (is_ignored(current_process(), signal))
        drop_everywhere(current_process(), signal_bit(signal));
}

/* ---- sending ---- */

static bool is_blocked(const struct task *task, int signal)
{
    return task->signals.blocked & ~SIGNALS_NEVER_BLOCKED & signal_bit(signal);
}

/* SIGCONT and the stop signals cancel each other, and SIGCONT works even if it is blocked. */
static void settle_stops(struct process *process, int signal)
{
    if (signal == SIGCONT) {
        drop_everywhere(process, DEFAULT_STOP);
        stop_continue(process);
    } else if (DEFAULT_STOP & signal_bit(signal)) {
        drop_everywhere(process, signal_bit(SIGCONT));
    }
}

/* Whether nobody would see it: a tracer is told of what the program ignores, too. */
static bool is_dropped(const struct task *task, int signal)
{
    bool awaited = task->signals.awaited & signal_bit(signal);

    return is_ignored(task->process, signal) && !is_blocked(task, signal) && !awaited &&
           !task->trace.tracer && signal != SIGKILL;
}

static void notify(struct task *task, int signal)
{
    task_set_work(task, WORK_SIGNAL);
    if (!is_blocked(task, signal))
        sched_notify(task);
    if (signal == SIGKILL)
        sched_continue(task);
}

int signal_send_info(struct task *task, const siginfo_t *info)
{
    int signal = info->si_signo;

    if (task->state == TASK_ZOMBIE)
        return 0;
    /* It ends the process, even if exec is ending the thread, which is by the kernel's own. */
    if (signal == SIGKILL && info->si_code != SI_KERNEL)
        return signal_send_process_by(task, info);
    settle_stops(task->process, signal);
    if (is_dropped(task, signal))
        return 0;
    int error = enqueue(task->process, &task->signals.pending, info);
    if (!error)
        notify(task, signal);
    file_wake(&signal_arrivals);
    return error;
}

static bool takes(const struct task *thread, int signal)
{
    return thread->state != TASK_ZOMBIE &&
           (!is_blocked(thread, signal) || (thread->signals.awaited & signal_bit(signal)));
}

/* A thread that takes a signal now, the one asked for before others; NULL when all block it. */
static struct task *find_taker(struct task *first, int signal)
{
    struct task *thread;

    if (takes(first, signal))
        return first;
    TAILQ_FOREACH (thread, &first->process->threads, thread)
        if (takes(thread, signal))
            return thread;
    return NULL;
}

int signal_send_process_by(struct task *task, const siginfo_t *info)
{
    struct process *process = task->process;
    int signal = info->si_signo;

    if (process->is_zombie)
        return 0;
    settle_stops(process, signal);
    struct task *taker = find_taker(task, signal);
    if (is_dropped(taker ? taker : process->leader, signal))
        return 0;
    int error = enqueue(process, &process->pending, info);
    if (!error && taker)
        notify(taker, signal);
    file_wake(&signal_arrivals);
    return error;
}

int signal_send_process_info(struct process *process, const siginfo_t *info)
{
    return signal_send_process_by(process->leader, info);
}

static bool holds_timer(const struct signal_queue *queue, int timer)
{
    const struct pending_signal *pending;

    TAILQ_FOREACH (pending, &queue->list, link)
        if (pending->info.si_code == SI_TIMER && pending->info.si_tid == timer)
            return true;
    return false;
}

bool signal_of_timer_waits(const struct process *process, int timer)
{
    const struct task *thread;

    TAILQ_FOREACH (thread, &process->threads, thread)
        if (holds_timer(&thread->signals.pending, timer))
            return true;
    return holds_timer(&process->pending, timer);
}

int signal_send(struct task *task, int signal)
{
    siginfo_t info = {.si_signo = signal, .si_code = SI_KERNEL};

    return signal_send_info(task, &info);
}

int signal_send_process(struct process *process, int signal)
{
    siginfo_t info = {.si_signo = signal, .si_code = SI_KERNEL};

    return signal_send_process_info(process, &info);
}

int signal_send_group(int pgid, int signal)
{
    struct process *process;
    int result = -ESRCH;

    TAILQ_FOREACH (process, &all_processes, all_link)
        if (process->pgid == pgid)
            result = signal_send_process(process, signal);
    return result;
}

void signal_retarget(void)
{
    const struct task *self = current();
    signal_set_t left = self->process->pending.set;

    if (self->state != TASK_ZOMBIE)
        left &= self->signals.blocked & ~SIGNALS_NEVER_BLOCKED;
    for (; left; left &= left - 1) {
        int signal = __builtin_ctzl(left) + 1;
        struct task *taker = find_taker(self->process->leader, signal);
        if (taker && taker != self)
            notify(taker, signal);
    }
}

void signal_force(const siginfo_t *info)
{
    struct task *task = current();
    struct sigaction *action = &task->process->actions->action[info->si_signo - 1];
    signal_set_t bit = signal_bit(info->si_signo);

    if ((task->signals.blocked & bit) || action->sa_handler == SIG_IGN) {
        action->sa_handler = SIG_DFL;
        task->signals.blocked &= ~bit;
    }
    task->signals.forced = *info;
    task_set_work(task, WORK_SIGNAL);
}

/* ---- taking ---- */

signal_set_t signal_pending_set(void)
{
    return current()->signals.pending.set | current_process()->pending.set;
}

static signal_set_t deliverable_set(void)
{
    return signal_pending_set() & ~(current()->signals.blocked & ~SIGNALS_NEVER_BLOCKED);
}

/* Whether another thread has stopped the process. SIGKILL ends a stop, and is no other's. */
static bool must_join_stop(const struct task *task)
{
    return task->process->job.is_stopped && !task->trace.tracer && !signal_is_killed(task);
}

bool signal_pending(void)
{
    const struct task *task = current();

    if (!task->process || !(task->work & WORK_SIGNAL))
        return false;
    return must_join_stop(task) || task->trace.group_stop || task->trace.stop_wanted ||
           deliverable_set();
}

/* Linux ends a process at once then: it does not wait for the thread to come back to ring 3. */
bool signal_ends_process(void)
{
    const struct task *task = current();
    signal_set_t left = deliverable_set() & ~(DEFAULT_IGNORED | DEFAULT_STOP | DEFAULT_CORE);

    if (signal_is_killed(task))
        return true;
    for (; left && !task->trace.tracer; left &= left - 1)
        if (action_of(task, __builtin_ctzl(left) + 1)->sa_handler == SIG_DFL)
            return true;
    return false;
}

void signal_set_blocked(signal_set_t blocked)
{
    current()->signals.blocked = blocked & ~SIGNALS_NEVER_BLOCKED;
    if (deliverable_set())
        task_set_work(current(), WORK_SIGNAL);
    signal_retarget();
}

bool signal_is_killed(const struct task *task)
{
    return (task->signals.pending.set | task->process->pending.set) & signal_bit(SIGKILL);
}

/* Takes a signal out of a queue. */
static void take_from(struct signal_queue *queue, int signal, siginfo_t *info)
{
    struct pending_signal *pending;

    TAILQ_FOREACH (pending, &queue->list, link)
        if (pending->info.si_signo == signal)
            break;
    if (!pending) { /* there was no memory for its siginfo */
        *info = (siginfo_t){.si_signo = signal, .si_code = SI_USER};
        queue->set &= ~signal_bit(signal);
        return;
    }
    *info = pending->info;
    remove_pending(queue, pending);
    kfree(pending);
    if (info->si_code == SI_TIMER)
        posix_timer_taken(info);
}

/*
 * Takes a signal of a set of which one is pending: the thread's own before its process's, those
 * that an instruction causes before others, and of these the lowest.
 */
static void take_lowest(struct task *task, signal_set_t set, siginfo_t *info)
{
    struct signal_queue *own = &task->signals.pending;
    struct signal_queue *queue = own->set & set ? own : &task->process->pending;

    set &= queue->set;
    if (set & SYNCHRONOUS)
        set &= SYNCHRONOUS;
    take_from(queue, __builtin_ctzl(set) + 1, info);
}

/*
 * Takes the next signal to deliver; false: none is there. The one that the thread's own instruction
 * has caused goes before all but SIGKILL.
 */
static bool take_signal(struct task *task, siginfo_t *info)
{
    signal_set_t ready = deliverable_set();

    if (ready & signal_bit(SIGKILL)) {
        take_lowest(task, signal_bit(SIGKILL), info);
    } else if (task->signals.forced.si_signo) {
        *info = task->signals.forced;
        task->signals.forced.si_signo = 0;
    } else if (ready) {
        take_lowest(task, ready, info);
    } else {
        task_clear_work(task, WORK_SIGNAL);
        return false;
    }
    return true;
}

bool signal_take(signal_set_t set, siginfo_t *info)
{
    signal_set_t ready = signal_pending_set() & set;

    if (ready)
        take_lowest(current(), ready, info);
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

    current()->restart.resume = NULL; /* nothing of it is left for restart_syscall() */
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

/* The first program's end is the machine's, so there is one report of it, and it is written. */
static bool is_reported(int signal)
{
    return (DEFAULT_CORE & signal_bit(signal)) &&
           (current_process()->pid == FIRST_PID || log_limit_admits(LOG_LIMIT_REPORTS));
}

/*
 * One report at a time, and without the kernel lock: the lines of a report go out as slowly as the
 * serial line takes them. Meanwhile the other threads end, and nobody else looks at this one.
 */
static void report(const struct trap_frame *frame, const siginfo_t *info)
{
    static struct mutex reporting = {.waiters = WAIT_QUEUE_INIT(reporting.waiters)};
    uint32_t pkru = cpu_state.pku ? read_pkru() : 0;

    mutex_lock(&reporting);
    unsigned int depth = kernel_lock_drop();
    report_fatal_signal(current(), frame, info, pkru);
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

/* There is no stack for the handler. If it was SIGSEGV's own, nothing is left to try. */
static void fail_handler(struct trap_frame *frame, int signal)
{
    static const siginfo_t failure = {.si_signo = SIGSEGV, .si_code = SI_KERNEL};

    if (signal == SIGSEGV)
        die(frame, &failure);
    signal_force(&failure);
}

static void run_handler(struct trap_frame *frame, const siginfo_t *info)
{
    struct signal_state *state = &current()->signals;
    struct sigaction *action = &current_process()->actions->action[info->si_signo - 1];
    signal_set_t before = state->restore_blocked ? state->saved_blocked : state->blocked;
    bool stepped = current()->trace.single_step;

    if (stepped)
        ptrace_clear_step(current());
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
        stop_process(info->si_signo);
}

/* Returns whether a handler is to run, so that no further signal is looked at before it. */
static bool deliver(struct trap_frame *frame, siginfo_t *info)
{
    struct task *task = current();

    if (info->si_signo == SIGKILL && task->is_doomed)
        thread_exit(SIGKILL);
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

/*
 * Nearly always the program has a handler for it and nothing else is to be done: then its frame is
 * made at once.
 */
void signal_raise(struct trap_frame *frame, const siginfo_t *info)
{
    struct task *task = current();
    __sighandler_t handler = action_of(task, info->si_signo)->sa_handler;

    if (handler == SIG_DFL || handler == SIG_IGN || is_blocked(task, info->si_signo) ||
        (task->work & WORK_SIGNAL) || task->trace.tracer)
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
        if (must_join_stop(task)) {
            stop_join();
            continue; /* it may be stopped again by now */
        }
        if (task->trace.group_stop) {
            ptrace_join_group_stop();
            continue;
        }
        if (task->trace.stop_wanted) {
            ptrace_interrupt_stop();
            continue; /* the next may be wanted by now */
        }
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
        state->restore_blocked = false;
        signal_set_blocked(state->saved_blocked);
    }
}
