// SPDX-License-Identifier: MIT
#include "kernel/stop.h"

#include <linux/ptrace.h>

#include "kernel/process.h"
#include "kernel/ptrace.h"
#include "kernel/sched.h"
#include "kernel/signal.h"
#include "kernel/task.h"

/* SIGCHLD about one that stopped or goes on; a parent may not want to hear of it. */
static void tell(const struct task *task, struct process *to, int code, int status)
{
    siginfo_t info = {.si_signo = SIGCHLD, .si_code = code};

    if (!to)
        return;
    info.si_pid = task->tid;
    info.si_uid = task->credentials.user.real;
    info.si_status = status;
    if (!(to->actions->action[SIGCHLD - 1].sa_flags & SA_NOCLDSTOP))
        signal_send_process_info(to, &info);
    wake_all(&to->child_exit);
}

/*
 * A stop of the group, or one without a signal of its own, is told like those without a tracer; by
 * which signal, only if nobody has waited for that stop yet.
 */
static void tell_tracer(const struct task *task, int code)
{
    if (task->trace.in_group_stop)
        tell(task, task->trace.tracer, CLD_STOPPED, task->process->job.told ? 0 : code & 0x7f);
    else if (code >> 8 == PTRACE_EVENT_STOP)
        tell(task, task->trace.tracer, CLD_STOPPED, 0);
    else
        tell(task, task->trace.tracer, CLD_TRAPPED, code & 0x7f);
}

/* A thread that is traced stops by itself, and its tracer is told. */
static bool runs_on(const struct task *thread)
{
    return thread->state != TASK_ZOMBIE && thread->stop.kind == STOP_NONE && !thread->trace.tracer;
}

void stop_tell_complete(struct process *process)
{
    const struct task *thread;

    if (!process->job.is_stopped || process->job.is_complete)
        return;
    TAILQ_FOREACH (thread, &process->threads, thread)
        if (runs_on(thread))
            return;
    process->job.is_complete = true;
    tell(process->leader, process->parent, CLD_STOPPED, process->job.signal);
}

/* The other threads stop on their way to ring 3, to which this sends them. */
static void begin_job_stop(struct process *process, int signal)
{
    struct task *thread;

    process->job = (struct job_stop){.is_stopped = true, .signal = signal};
    TAILQ_FOREACH (thread, &process->threads, thread) {
        if (thread != current() && runs_on(thread)) {
            task_set_work(thread, WORK_SIGNAL);
            sched_notify(thread);
        }
    }
}

static void wait_for_end(enum stop_kind kind)
{
    struct task *task = current();

    task->stop.kind = kind;
    stop_tell_complete(task->process);
    while (task->stop.kind != STOP_NONE && !signal_is_killed(task))
        sched_stop();
    task->stop.kind = STOP_NONE;
}

void stop_for_tracer(int code)
{
    struct task *task = current();

    task->stop.code = code;
    task->stop.told = false;
    tell_tracer(task, code);
    wait_for_end(STOP_TRACE);
}

void stop_give_to_tracer(struct task *task, int code)
{
    task->process->job.is_stopped = task->process->job.is_complete = false;
    task->stop = (struct stop_state){.kind = STOP_TRACE, .code = code};
    tell_tracer(task, code);
}

void stop_give_to_job(struct task *task, int signal)
{
    task->stop.kind = STOP_JOB;
    begin_job_stop(task->process, signal);
    stop_tell_complete(task->process);
}

void stop_process(int signal)
{
    begin_job_stop(current_process(), signal);
    wait_for_end(STOP_JOB);
}

void stop_join(void)
{
    wait_for_end(STOP_JOB);
}

void stop_end(struct task *task)
{
    task->stop.kind = STOP_NONE;
    sched_continue(task);
}

void stop_continue(struct process *process)
{
    bool was_stopped = process->job.is_stopped;
    struct task *thread;

    TAILQ_FOREACH (thread, &process->threads, thread) {
        thread->trace.is_continued = true;
        thread->trace.group_stop = 0;
        if (thread->trace.seized)
            ptrace_want_stop(thread);
        was_stopped |= thread->stop.kind == STOP_JOB;
        if (thread->stop.kind == STOP_JOB)
            stop_end(thread);
    }
    if (!was_stopped)
        return;
    process->job = (struct job_stop){.continued = true};
    tell(process->leader, process->parent, CLD_CONTINUED, SIGCONT);
}
