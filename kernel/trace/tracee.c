// SPDX-License-Identifier: MIT
/* The traced side: how a task with a tracer stops, by signals and what its tracer wants. */
#include <linux/ptrace.h>
#include <linux/wait.h>

#include "arch/cpu/cpu.h"
#include "kernel/job/group.h"
#include "kernel/job/stop.h"
#include "kernel/process/events.h"
#include "kernel/process/wait.h"
#include "kernel/signal/signal.h"
#include "kernel/task/task.h"
#include "kernel/trace/ptrace.h"
#include "kernel/trace/watch.h"

TASK_STATE(struct trace_state, task_trace);

/* ---- signals and stops ---- */

void trace_tell(const struct task *task, int code)
{
    if (trace_of(task)->in_group_stop)
        stop_tell(task, task->tracer, CLD_STOPPED, job_of(task->process)->told ? 0 : code & 0x7f);
    else if (code >> 8 == PTRACE_EVENT_STOP)
        stop_tell(task, task->tracer, CLD_STOPPED, 0);
    else
        stop_tell(task, task->tracer, CLD_TRAPPED, code & 0x7f);
}

/* Stops the running thread for its tracer, tells that, and returns when it is continued. */
static void stop_for_tracer(int code)
{
    struct task *task = current();

    stop_of(task)->code = code;
    stop_of(task)->told = false;
    trace_tell(task, code);
    stop_wait(STOP_TRACE);
    watch_load();
}

/* The answer of the event: whether the tracer took the signal away. */
static int stop_for_signal(siginfo_t *info)
{
    struct task *task = current();

    trace_of(task)->info = *info;
    trace_of(task)->is_continued = false;
    trace_of(task)->resume_signal = 0; /* when SIGKILL ends the stop */
    stop_for_tracer(info->si_signo);
    int signal = trace_of(task)->resume_signal;
    if (signal == 0)
        return 1;
    *info = trace_of(task)->info;
    if (signal != info->si_signo) {
        *info = (siginfo_t){.si_signo = signal, .si_code = SI_USER};
        info->si_pid = task->tracer ? task->tracer->pid : 0;
    }
    if (!(task->signals.blocked & signal_bit(signal)))
        return 0;
    signal_send_info(task, info); /* it has to wait after all */
    return 1;
}

ATTACH(traced_signal, stop_for_signal);

void trace_stop(int code)
{
    struct trace_state *trace = trace_of(current());

    trace->info = (siginfo_t){.si_signo = code & 0x7f, .si_code = code};
    trace->info.si_pid = current_process()->pid;
    trace->resume_signal = 0;
    stop_for_tracer(code);
    trace->is_listening = false;
}

void trace_stop_for_event(int event, uint64_t message)
{
    trace_of(current())->message = message;
    trace_stop(SIGTRAP | event << 8);
}

static void stop_with_group(int signal)
{
    struct trace_state *trace = trace_of(current());

    trace->in_group_stop = true;
    if (trace->seized) {
        trace_stop(signal | PTRACE_EVENT_STOP << 8);
    } else {
        trace->info.si_signo = 0;
        stop_for_tracer(signal);
    }
    trace->in_group_stop = false;
}

/*
 * A signal whose default is to stop has been delivered. To be stopped for a tracer is a matter of
 * traced threads: others go on, unlike on Linux.
 */
static void stop_group(int signal)
{
    struct task *thread;

    if (!current()->tracer || trace_of(current())->is_continued || group_ignores_stop(signal))
        return;
    TAILQ_FOREACH (thread, &current_process()->threads, thread) {
        if (thread == current() || !thread->tracer || stop_of(thread)->kind != STOP_NONE)
            continue;
        trace_of(thread)->group_stop = signal;
        task_set_work(thread, WORK_SIGNAL | WORK_STOP);
        sched_notify(thread);
    }
    stop_with_group(signal);
}

ATTACH(stop_signal_acts, stop_group);

/* A stop that another thread began, or that the tracer wants. */
static int stop_if_due(void)
{
    struct trace_state *trace = trace_of(current());

    if (trace->group_stop) {
        int signal = trace->group_stop;
        trace->group_stop = 0;
        stop_with_group(signal);
    } else if (trace->stop_wanted) {
        trace->stop_wanted = false;
        trace_stop_for_event(PTRACE_EVENT_STOP, 0);
    } else {
        return 0;
    }
    return 1;
}

ATTACH(stop_is_due, stop_if_due);

/* Also SIGCONT that comes while the tracer looks at a signal that would stop the process. */
static void note_continuation(struct process *process, int signal)
{
    struct task *thread;

    if (signal != SIGCONT)
        return;
    TAILQ_FOREACH (thread, &process->threads, thread) {
        trace_of(thread)->is_continued = true;
        trace_of(thread)->group_stop = 0;
        if (trace_of(thread)->seized)
            trace_want_stop(thread);
    }
}

ATTACH(stop_or_continue_is_sent, note_continuation);

/*
 * A single step that leads into a signal handler ends at its first instruction, and the frame that
 * it leaves behind knows nothing of the tracer's TF.
 */
static void step_into_handler(bool is_entered)
{
    struct trace_state *trace = trace_of(current());

    if (!is_entered) {
        trace->steps_into_handler = trace->single_step;
        trace_clear_step(current());
    } else if (trace->steps_into_handler) {
        trace->steps_into_handler = false;
        trace_stop(SIGTRAP);
    }
}

ATTACH(traced_handler, step_into_handler);

/* ---- what the tracer does to it ---- */

void trace_clear_step(struct task *task)
{
    if (trace_of(task)->single_step)
        task_frame(task)->rflags &= ~RFLAGS_TF;
    trace_of(task)->single_step = false;
}

void trace_note_change(struct task *task)
{
    task_set_work(task, WORK_SIGNAL | WORK_REGISTERS);
}

void trace_want_stop(struct task *task)
{
    trace_of(task)->stop_wanted = true;
    task_set_work(task, WORK_SIGNAL | WORK_STOP);
    if (trace_of(task)->is_listening)
        stop_end(task);
    else
        sched_notify(task);
}

/* ---- the end ---- */

/* A thread that is traced stays, ended, until its tracer has waited for it. */
static int keep_ended(int wait_status)
{
    struct task *task = current();
    const struct process *process = task->process;

    if (!task->tracer)
        return 0;
    if (process->is_exiting)
        wait_status = process->wait_status;
    else if (task->is_doomed) /* by an exec */
        wait_status = 0;
    trace_of(task)->end_status = wait_status;
    process_tell_end(task, task->tracer, SIGCHLD, wait_status);
    return 1;
}

ATTACH(thread_is_kept, keep_ended);

/* One with a tracer is the tracer's to wait for, and then its parent's, whatever that wants. */
static int tell_end(struct process *process)
{
    struct process *tracer = process->leader->tracer;

    if (!tracer)
        return 0;
    process_tell_end(process->leader, tracer,
                     tracer == process->parent ? process->exit_signal : SIGCHLD,
                     process->wait_status);
    return 1;
}

ATTACH(end_is_told, tell_end);

void trace_let_go_of_ended(struct task *ended)
{
    struct process *process = ended->process;

    ended->tracer = NULL;
    if (ended != process->leader) {
        TAILQ_REMOVE(&process->threads, ended, thread);
        task_free(ended); /* its resources went at its end */
    }
    process_settle_end(process);
}

/* ---- being waited for ---- */

static void note_told(const struct wait_request *request)
{
    stop_of(request->found)->told = true;
}

static int tell_stop(struct task *task, struct wait_request *request)
{
    const struct stop_state *stop = stop_of(task);

    if (stop->kind != STOP_TRACE || task->tracer != current_process() || stop->told)
        return 0;
    return wait_finds(request, task, stop->code << 8 | 0x7f, CLD_TRAPPED, note_told);
}

static int tell_stop_of_child(struct process *child, struct wait_request *request)
{
    return tell_stop(child->leader, request);
}

ATTACH(wait_looks, tell_stop_of_child);

static void note_told_end(const struct wait_request *request)
{
    trace_let_go_of_ended(request->found);
}

/* A process has ended when all its threads have, a traced thread by itself. */
static int tell_of_tracee(struct task *task, struct wait_request *request)
{
    const struct process *process = task->process;
    bool is_leader = task == process->leader;
    bool has_ended = is_leader ? process->is_zombie : task->state == TASK_ZOMBIE;
    int status =
        is_leader || process->is_exiting ? process->wait_status : trace_of(task)->end_status;

    request->has_children |= !process->is_zombie;
    if (has_ended && (request->options & WEXITED))
        return wait_finds(request, task, status, process_end_code(status), note_told_end);
    return tell_stop(task, request);
}

/* Tracees, but for children: they have been looked at. */
static int tell_of_tracees(struct wait_request *request)
{
    const struct process *own = current_process();
    struct task *task;

    TAILQ_FOREACH (task, &all_tasks, all_link) {
        bool is_child = task->process && task->process->parent == own;
        if (task->tracer != own || !wait_names(request, task) ||
            (is_child && task == task->process->leader))
            continue;
        if (tell_of_tracee(task, request))
            return 1;
    }
    return 0;
}

ATTACH(wait_looks_further, tell_of_tracees);
