// SPDX-License-Identifier: MIT
/*
 * The traced side: what a task with a tracer tells it of, system calls and the events of threads
 * and processes.
 */
#include <linux/ptrace.h>
#include <linux/sched.h>

#include "kernel/call/syscall.h"
#include "kernel/job/vfork.h"
#include "kernel/oom/oom.h"
#include "kernel/process/events.h"
#include "kernel/signal/signal.h"
#include "kernel/task/kernel_lock.h"
#include "kernel/task/task.h"
#include "kernel/trace/ptrace.h"

/* ---- system calls ---- */

static void stop_at_call(uint64_t message)
{
    struct trace_state *trace = trace_of(current());

    if (!(current()->told_of_calls & TOLD_TRACER))
        return;
    kernel_lock();
    trace->message = message;
    trace_stop(SIGTRAP | (trace->options & PTRACE_O_TRACESYSGOOD ? 0x80 : 0));
    if (trace->resume_signal)
        signal_send(current(), trace->resume_signal);
    task_set_work(current(), WORK_SIGNAL); /* which takes the tracer's changes over */
    kernel_unlock();
}

static void stop_before_call(void)
{
    stop_at_call(PTRACE_EVENTMSG_SYSCALL_ENTRY);
}

ATTACH(call_begins, stop_before_call);

static void stop_behind_call(void)
{
    stop_at_call(PTRACE_EVENTMSG_SYSCALL_EXIT);
}

ATTACH(call_ends, stop_behind_call);

/* ---- events of threads and processes ---- */

static bool wants(int event)
{
    return current()->tracer && trace_of(current())->options & 1u << event;
}

/* Nobody is kept whose memory others need (kernel/oom/). */
static void stop_before_end(int wait_status)
{
    if (wants(PTRACE_EVENT_EXIT) && !oom_awaits(current_process()))
        trace_stop_for_event(PTRACE_EVENT_EXIT, (uint64_t)wait_status);
}

ATTACH(thread_begins_to_end, stop_before_end);

static int event_of(const struct clone_request *request)
{
    return request->flags & CLONE_VFORK      ? PTRACE_EVENT_VFORK
           : request->exit_signal == SIGCHLD ? PTRACE_EVENT_FORK
                                             : PTRACE_EVENT_CLONE;
}

/* A child whose tracer wants to hear of it is traced from the start. */
static int trace_child(struct task *child, struct clone_request *request)
{
    struct trace_state *trace = trace_of(current());

    trace->made_event = wants(event_of(request)) ? event_of(request) : 0;
    if (!trace->made_event)
        return 0;
    child->tracer = current()->tracer;
    trace_of(child)->options = trace->options;
    trace_of(child)->seized = trace->seized;
    trace_of(child)->stop_wanted = trace->seized;
    if (trace->seized)
        task_set_work(child, WORK_SIGNAL | WORK_STOP);
    else
        signal_send(child, SIGSTOP);
    return 0;
}

ATTACH(thread_is_made, trace_child);

static void stop_behind_clone(int tid)
{
    int event = trace_of(current())->made_event;

    trace_of(current())->made_event = 0;
    if (event)
        trace_stop_for_event(event, (uint64_t)tid);
}

ATTACH(thread_runs, stop_behind_clone);

static void stop_behind_vfork(int child)
{
    if (wants(PTRACE_EVENT_VFORK_DONE))
        trace_stop_for_event(PTRACE_EVENT_VFORK_DONE, (uint64_t)child);
}

ATTACH(vfork_is_over, stop_behind_vfork);

/* Without the event it is SIGTRAP, as a tracer by PTRACE_TRACEME expects. */
static void stop_behind_exec(int former_tid)
{
    if (!current()->tracer)
        return;
    if (wants(PTRACE_EVENT_EXEC)) {
        trace_stop_for_event(PTRACE_EVENT_EXEC, (uint64_t)former_tid);
    } else if (!trace_of(current())->seized) {
        siginfo_t info = {.si_signo = SIGTRAP, .si_code = SI_USER};
        info.si_pid = current_process()->pid;
        signal_send_info(current(), &info);
    }
}

ATTACH(exec_is_over, stop_behind_exec);
