// SPDX-License-Identifier: MIT
#include "kernel/job/stop.h"

#include "kernel/call/permission.h"
#include "kernel/job/group.h"
#include "kernel/process/events.h"
#include "kernel/process/wait.h"
#include "kernel/signal/signal.h"
#include "kernel/task/process.h"
#include "kernel/task/sched.h"
#include "kernel/task/task.h"

TASK_STATE(struct stop_state, task_stop);
PROCESS_STATE(struct job_stop, process_job);

/* ---- stopping ---- */

void stop_tell(const struct task *task, struct process *to, int code, int status)
{
    siginfo_t info = {.si_signo = SIGCHLD, .si_code = code};

    if (!to)
        return;
    info.si_pid = task->tid;
    info.si_uid = task_real_user(task);
    info.si_status = status;
    if (!(to->actions->action[SIGCHLD - 1].sa_flags & SA_NOCLDSTOP))
        signal_send_process_info(to->leader, &info);
    wake_all(&to->child_exit);
}

/* A thread that is traced stops by itself, and its tracer is told. */
static bool runs_on(const struct task *thread)
{
    return thread->state != TASK_ZOMBIE && stop_of(thread)->kind == STOP_NONE && !thread->tracer;
}

/* Tells the parent of a stop if no thread of the process runs any more, and none has yet. */
static void tell_complete(struct process *process)
{
    struct job_stop *job = job_of(process);
    const struct task *thread;

    if (!job->is_stopped || job->is_complete)
        return;
    TAILQ_FOREACH (thread, &process->threads, thread)
        if (runs_on(thread))
            return;
    job->is_complete = true;
    stop_tell(process->leader, process->parent, CLD_STOPPED, job->signal);
}

ATTACH(thread_has_ended, tell_complete);

/* The other threads stop on their way to ring 3, to which this sends them. */
static void begin_job_stop(struct process *process, int signal)
{
    struct task *thread;

    *job_of(process) = (struct job_stop){.is_stopped = true, .signal = signal};
    TAILQ_FOREACH (thread, &process->threads, thread) {
        if (thread != current() && runs_on(thread)) {
            task_set_work(thread, WORK_SIGNAL | WORK_STOP);
            sched_notify(thread);
        }
    }
}

void stop_wait(enum stop_kind kind)
{
    struct task *task = current();
    struct stop_state *stop = stop_of(task);

    stop->kind = kind;
    tell_complete(task->process);
    while (stop->kind != STOP_NONE && !signal_is_killed(task))
        sched_stop();
    stop->kind = STOP_NONE;
}

void stop_give_to_job(struct task *task, int signal)
{
    stop_of(task)->kind = STOP_JOB;
    begin_job_stop(task->process, signal);
    tell_complete(task->process);
}

/* A tracer sees to its own. */
static void stop_process(int signal)
{
    if (current()->tracer || group_ignores_stop(signal))
        return;
    begin_job_stop(current_process(), signal);
    stop_wait(STOP_JOB);
}

ATTACH(stop_signal_acts, stop_process);

/* Another thread has stopped the process. SIGKILL ends a stop, and is no other's. */
static int join_stop(void)
{
    if (!job_of(current_process())->is_stopped || current()->tracer || signal_is_killed(current()))
        return 0;
    stop_wait(STOP_JOB);
    return 1;
}

ATTACH(stop_is_due, join_stop);

/* A new thread of a process that is stopped stops when the call that makes it is done. */
static int join_from_start(struct task *child, struct clone_request *request)
{
    (void)request;
    if (job_of(child->process)->is_stopped)
        task_set_work(child, WORK_SIGNAL | WORK_STOP);
    return 0;
}

ATTACH(thread_is_made, join_from_start);

/* ---- going on ---- */

void stop_end(struct task *task)
{
    stop_of(task)->kind = STOP_NONE;
    sched_continue(task);
}

static void go_on(struct process *process)
{
    bool was_stopped = job_of(process)->is_stopped;
    struct task *thread;

    TAILQ_FOREACH (thread, &process->threads, thread) {
        if (!thread->tracer)
            task_clear_work(thread, WORK_STOP);
        if (stop_of(thread)->kind != STOP_JOB)
            continue;
        was_stopped = true;
        stop_end(thread);
    }
    if (!was_stopped)
        return;
    *job_of(process) = (struct job_stop){.continued = true};
    stop_tell(process->leader, process->parent, CLD_CONTINUED, SIGCONT);
}

/* SIGCONT and the stop signals cancel each other, and SIGCONT works even if it is blocked. */
static void settle_stops(struct process *process, int signal)
{
    if (signal == SIGCONT) {
        signal_drop_everywhere(process, DEFAULT_STOP);
        go_on(process);
    } else {
        signal_drop_everywhere(process, signal_bit(SIGCONT));
    }
}

ATTACH(stop_or_continue_is_sent, settle_stops);

/* SIGKILL ends a stop, too. */
static void forget_stop(struct process *process)
{
    *job_of(process) = (struct job_stop){0};
}

ATTACH(process_ends, forget_stop);

/* ---- being waited for ---- */

static void note_told_stop(const struct wait_request *request)
{
    job_of(request->found->process)->told = true;
}

static void note_told_continuation(const struct wait_request *request)
{
    job_of(request->found->process)->continued = false;
}

/* The parent is told of a stop unless another process traces the leader, and of SIGCONT always. */
static int tell_waiter(struct process *child, struct wait_request *request)
{
    const struct job_stop *job = job_of(child);
    struct task *task = child->leader;

    if (job->is_complete && !job->told && !task->tracer && (request->options & WSTOPPED))
        return wait_finds(request, task, job->signal << 8 | 0x7f, CLD_STOPPED, note_told_stop);
    if (job->continued && (request->options & WCONTINUED))
        return wait_finds(request, task, 0xffff, CLD_CONTINUED, note_told_continuation);
    return 0;
}

ATTACH(wait_looks, tell_waiter);
