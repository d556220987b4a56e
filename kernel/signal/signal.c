// SPDX-License-Identifier: MIT
/* Sending signals to threads and processes, and taking them. */
#include "kernel/signal/signal.h"

#include <asm/errno.h>

#include "kernel/file/file.h"
#include "kernel/task/process.h"
#include "kernel/task/sched.h"
#include "kernel/task/task.h"

struct wait_queue signal_arrivals = WAIT_QUEUE_INIT(signal_arrivals);

/* ---- sending ---- */

static void tell_stops(struct process *process, int signal)
{
    if ((DEFAULT_STOP | signal_bit(SIGCONT)) & signal_bit(signal))
        TELL(stop_or_continue_is_sent, process, signal);
}

/* Whether it can be dropped as ignored. Not if it is traced: a tracer sees even ignored signals. */
static bool is_dropped(const struct task *task, int signal)
{
    bool awaited = task->signals.awaited & signal_bit(signal);

    return signal_is_ignored(task->process, signal) && !signal_is_blocked(task, signal) &&
           !awaited && !task->tracer && signal != SIGKILL;
}

static void notify(struct task *task, int signal)
{
    task_set_work(task, WORK_SIGNAL);
    if (!signal_is_blocked(task, signal))
        sched_notify(task);
    if (signal == SIGKILL) /* it ends a stop, too */
        sched_continue(task);
}

int signal_send_info(struct task *task, const siginfo_t *info)
{
    int signal = info->si_signo;

    if (task->state == TASK_ZOMBIE)
        return 0;
    /* SIGKILL ends the whole process. Only the kernel's own ends one thread, for exec. */
    if (signal == SIGKILL && info->si_code != SI_KERNEL)
        return signal_send_process_info(task, info);
    tell_stops(task->process, signal);
    if (is_dropped(task, signal))
        return 0;
    int error = signal_enqueue(task->process, &task->signals.pending, info);
    if (!error)
        notify(task, signal);
    file_wake(&signal_arrivals);
    return error;
}

static bool takes(const struct task *thread, int signal)
{
    return thread->state != TASK_ZOMBIE &&
           (!signal_is_blocked(thread, signal) || (thread->signals.awaited & signal_bit(signal)));
}

/* A thread that takes a signal now, preferably the first; NULL when all block it. */
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

int signal_send_process_info(struct task *task, const siginfo_t *info)
{
    struct process *process = task->process;
    int signal = info->si_signo;

    if (process->is_zombie)
        return 0;
    tell_stops(process, signal);
    struct task *taker = find_taker(task, signal);
    if (is_dropped(taker ? taker : process->leader, signal))
        return 0;
    int error = signal_enqueue(process, &process->pending, info);
    if (!error && taker)
        notify(taker, signal);
    file_wake(&signal_arrivals);
    return error;
}

int signal_send(struct task *task, int signal)
{
    siginfo_t info = {.si_signo = signal, .si_code = SI_KERNEL};

    return signal_send_info(task, &info);
}

int signal_send_process(struct process *process, int signal)
{
    siginfo_t info = {.si_signo = signal, .si_code = SI_KERNEL};

    return signal_send_process_info(process->leader, &info);
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
    struct sigaction *action = signal_action_of(task->process, info->si_signo);
    signal_set_t bit = signal_bit(info->si_signo);

    if ((task->signals.blocked & bit) || action->sa_handler == SIG_IGN) {
        action->sa_handler = SIG_DFL;
        task->signals.blocked &= ~bit;
    }
    task->signals.forced = *info;
    task_set_work(task, WORK_SIGNAL);
}

/* ---- taking ---- */

void signal_set_blocked(signal_set_t blocked)
{
    current()->signals.blocked = blocked & ~SIGNALS_NEVER_BLOCKED;
    if (signal_deliverable_set())
        task_set_work(current(), WORK_SIGNAL);
    signal_retarget();
}

void signal_take_lowest(signal_set_t set, siginfo_t *info)
{
    struct task *task = current();
    struct signal_queue *own = &task->signals.pending;
    struct signal_queue *queue = own->set & set ? own : &task->process->pending;

    set &= queue->set;
    if (set & SYNCHRONOUS)
        set &= SYNCHRONOUS;
    signal_take_from(queue, __builtin_ctzl(set) + 1, info);
}

/* The signal that the thread's own instruction has caused comes before all but SIGKILL. */
bool signal_take_next(struct task *task, siginfo_t *info)
{
    signal_set_t ready = signal_deliverable_set();

    if (ready & signal_bit(SIGKILL)) {
        signal_take_lowest(signal_bit(SIGKILL), info);
    } else if (task->signals.forced.si_signo) {
        *info = task->signals.forced;
        task->signals.forced.si_signo = 0;
    } else if (ready) {
        signal_take_lowest(ready, info);
    } else {
        task_clear_work(task, WORK_SIGNAL);
        return false;
    }
    return true;
}
