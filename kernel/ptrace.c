// SPDX-License-Identifier: MIT
#include "kernel/ptrace.h"

#include <linux/ptrace.h>
#include <linux/sched.h>

#include "arch/cpu.h"
#include "arch/usercopy.h"
#include "kernel/kernel_lock.h"
#include "kernel/signal.h"
#include "kernel/stop.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "libc/include/string.h"
#include "mm/access.h"

/* All but PTRACE_O_SUSPEND_SECCOMP: there is nothing to suspend. */
#define OPTIONS_SUPPORTED (PTRACE_O_EXITKILL | (PTRACE_O_MASK & 0xff))

/* ---- the tracee's side ---- */

bool ptrace_signal_stop(siginfo_t *info)
{
    struct task *task = current();

    task->trace.info = *info;
    task->trace.is_continued = false;
    task->trace.resume_signal = 0; /* when SIGKILL ends the stop */
    stop_for_tracer(info->si_signo);
    int signal = task->trace.resume_signal;
    if (signal == 0)
        return false;
    *info = task->trace.info;
    if (signal != info->si_signo) {
        *info = (siginfo_t){.si_signo = signal, .si_code = SI_USER};
        info->si_pid = task->trace.tracer ? task->trace.tracer->pid : 0;
    }
    if (!(task->signals.blocked & signal_bit(signal)))
        return true;
    signal_send_info(task, info); /* it has to wait after all */
    return false;
}

/* A stop whose siginfo says no more than its code: a signal, and an event << 8. */
static void stop_with(int code)
{
    struct trace_state *trace = &current()->trace;

    trace->info = (siginfo_t){.si_signo = code & 0x7f, .si_code = code};
    trace->info.si_pid = current_process()->pid;
    trace->resume_signal = 0;
    stop_for_tracer(code);
    trace->is_listening = false;
}

void ptrace_event_stop(int event, uint64_t message)
{
    current()->trace.message = message;
    stop_with(SIGTRAP | event << 8);
}

void ptrace_interrupt_stop(void)
{
    current()->trace.stop_wanted = false;
    ptrace_event_stop(PTRACE_EVENT_STOP, 0);
}

static void stop_with_group(int signal)
{
    struct trace_state *trace = &current()->trace;

    trace->in_group_stop = true;
    if (trace->seized) {
        stop_with(signal | PTRACE_EVENT_STOP << 8);
    } else {
        trace->info.si_signo = 0;
        stop_for_tracer(signal);
    }
    trace->in_group_stop = false;
}

/* To be stopped for a tracer is a matter of traced threads: others go on, unlike on Linux. */
void ptrace_group_stop(int signal)
{
    struct task *thread;

    if (current()->trace.is_continued)
        return;
    TAILQ_FOREACH (thread, &current_process()->threads, thread) {
        if (thread == current() || !thread->trace.tracer || thread->stop.kind != STOP_NONE)
            continue;
        thread->trace.group_stop = signal;
        task_set_work(thread, WORK_SIGNAL);
        sched_notify(thread);
    }
    stop_with_group(signal);
}

void ptrace_join_group_stop(void)
{
    int signal = current()->trace.group_stop;

    current()->trace.group_stop = 0;
    stop_with_group(signal);
}

void ptrace_step_stop(void)
{
    stop_with(SIGTRAP);
}

static void stop_at_call(uint64_t message)
{
    struct trace_state *trace = &current()->trace;

    kernel_lock();
    trace->message = message;
    stop_with(SIGTRAP | (trace->options & PTRACE_O_TRACESYSGOOD ? 0x80 : 0));
    if (trace->resume_signal)
        signal_send(current(), trace->resume_signal);
    task_set_work(current(), WORK_SIGNAL); /* which takes the tracer's changes over */
    kernel_unlock();
}

void ptrace_call_begins(void)
{
    stop_at_call(PTRACE_EVENTMSG_SYSCALL_ENTRY);
}

void ptrace_call_ends(void)
{
    stop_at_call(PTRACE_EVENTMSG_SYSCALL_EXIT);
}

static bool wants(int event)
{
    const struct trace_state *trace = &current()->trace;

    return trace->tracer && trace->options & 1u << event;
}

void ptrace_exit(int wait_status)
{
    if (wants(PTRACE_EVENT_EXIT) && !current_process()->awaited_since)
        ptrace_event_stop(PTRACE_EVENT_EXIT, (uint64_t)wait_status);
}

int ptrace_clone(struct task *child, uint64_t flags)
{
    const struct trace_state *trace = &current()->trace;
    int event = flags & CLONE_VFORK            ? PTRACE_EVENT_VFORK
                : (flags & CSIGNAL) == SIGCHLD ? PTRACE_EVENT_FORK
                                               : PTRACE_EVENT_CLONE;

    if (!wants(event))
        return 0;
    child->trace.tracer = trace->tracer;
    child->trace.options = trace->options;
    child->trace.seized = trace->seized;
    child->trace.stop_wanted = trace->seized;
    if (trace->seized)
        task_set_work(child, WORK_SIGNAL);
    else
        signal_send(child, SIGSTOP);
    return event;
}

void ptrace_vfork_done(int child)
{
    if (wants(PTRACE_EVENT_VFORK_DONE))
        ptrace_event_stop(PTRACE_EVENT_VFORK_DONE, (uint64_t)child);
}

void ptrace_exec(int former)
{
    struct trace_state *trace = &current()->trace;

    if (!trace->tracer)
        return;
    if (wants(PTRACE_EVENT_EXEC)) {
        ptrace_event_stop(PTRACE_EVENT_EXEC, (uint64_t)former);
    } else if (!trace->seized) {
        siginfo_t info = {.si_signo = SIGTRAP, .si_code = SI_USER};
        info.si_pid = current_process()->pid;
        signal_send_info(current(), &info);
    }
}

void ptrace_clear_step(struct task *task)
{
    if (task->trace.single_step)
        task_frame(task)->rflags &= ~RFLAGS_TF;
    task->trace.single_step = false;
}

void ptrace_note_change(struct task *task)
{
    task->registers_changed = true;
    task_set_work(task, WORK_SIGNAL); /* signal_deliver() looks at that */
}

void ptrace_want_stop(struct task *task)
{
    task->trace.stop_wanted = true;
    task_set_work(task, WORK_SIGNAL);
    if (task->trace.is_listening)
        stop_end(task);
    else
        sched_notify(task);
}

/* ---- the tracer's side ---- */

static void detach(struct task *task)
{
    ptrace_clear_step(task);
    task->trace.tracer = NULL;
    task->trace.options = 0;
    task->trace.seized = false;
    task->trace.stop_wanted = false;
    task->trace.group_stop = 0;
    task->stop_at_calls = false;
    if (task->stop.kind != STOP_TRACE)
        return;
    if (task->trace.in_group_stop) /* which goes on without the tracer */
        stop_give_to_job(task, task->stop.code & 0x7f);
    else
        stop_end(task);
}

static struct task *find_tracee(const struct process *tracer)
{
    struct task *task;

    TAILQ_FOREACH (task, &all_tasks, all_link)
        if (task->trace.tracer == tracer)
            return task;
    return NULL;
}

void ptrace_let_go(struct process *tracer)
{
    struct task *task;

    while ((task = find_tracee(tracer))) {
        bool kill = task->trace.options & PTRACE_O_EXITKILL;
        task->trace.resume_signal = 0;
        detach(task);
        if (task->state == TASK_ZOMBIE)
            process_end_trace(task);
        else if (kill)
            signal_send_process(task->process, SIGKILL);
    }
}

static long trace_me(void)
{
    struct trace_state *trace = &current()->trace;

    if (trace->tracer)
        return -EPERM;
    trace->tracer = current_process()->parent;
    return 0;
}

/* Stopped already: from here on by the tracer, which is told of it like of any stop. */
static void take_over_stop(struct task *task)
{
    int signal = task->process->job.signal;
    int code = task->trace.seized ? signal | PTRACE_EVENT_STOP << 8 : signal;

    task->trace.in_group_stop = true;
    task->trace.info = (siginfo_t){.si_code = code};
    if (task->trace.seized)
        task->trace.info.si_signo = signal;
    stop_give_to_tracer(task, code);
}

static long attach(struct task *task, bool seize, uintptr_t address, uintptr_t options)
{
    if (seize && (address || (options & ~(uintptr_t)OPTIONS_SUPPORTED)))
        return -EIO;
    if (task->process == current_process() || task->trace.tracer || task->state == TASK_ZOMBIE ||
        !credentials_may_trace(task))
        return -EPERM;
    task->trace.tracer = current_process();
    task->trace.seized = seize;
    task->trace.options = seize ? (uint32_t)options : 0;
    if (task->stop.kind == STOP_JOB)
        take_over_stop(task);
    return seize ? 0 : signal_send(task, SIGSTOP);
}

/* PTRACE_CONT, PTRACE_SYSCALL or PTRACE_SINGLESTEP. */
static long resume(struct task *task, long request, uintptr_t signal)
{
    bool step = request == PTRACE_SINGLESTEP;

    if (signal > SIGNAL_COUNT)
        return -EIO;
    task->stop_at_calls = request == PTRACE_SYSCALL;
    ptrace_clear_step(task);
    if (step && !(task_frame(task)->rflags & RFLAGS_TF)) {
        task_frame(task)->rflags |= RFLAGS_TF;
        ptrace_note_change(task);
        task->trace.single_step = true;
    }
    task->trace.resume_signal = (int)signal;
    task->trace.in_group_stop = false;
    stop_end(task);
    return 0;
}

/* A tracer from before may see no more of a program that it may not read than one that comes. */
static bool may_touch_memory(const struct task *task)
{
    return !task->process->control.is_not_dumpable || task_may(CAP_SYS_PTRACE);
}

static long peek(struct task *task, uintptr_t address, uintptr_t data)
{
    uint64_t word;

    if (!may_touch_memory(task) ||
        space_read(task->space, address, &word, sizeof(word)) != sizeof(word))
        return -EIO;
    return copy_to_user(data, &word, sizeof(word)) ? -EFAULT : 0;
}

static long poke(struct task *task, uintptr_t address, uint64_t word)
{
    if (!may_touch_memory(task) ||
        space_write(task->space, address, &word, sizeof(word)) != sizeof(word))
        return -EIO;
    return 0;
}

static long set_options(struct task *task, uintptr_t options)
{
    if (options & ~(uintptr_t)OPTIONS_SUPPORTED)
        return -EINVAL;
    task->trace.options = (uint32_t)options;
    return 0;
}

static long interrupt(struct task *task)
{
    if (!task->trace.seized)
        return -EIO;
    ptrace_want_stop(task);
    return 0;
}

/* Lets a group stop last until SIGCONT, or PTRACE_INTERRUPT, brings the next stop. */
static long listen(struct task *task)
{
    if (!task->trace.seized || task->stop.code >> 8 != PTRACE_EVENT_STOP)
        return -EIO;
    task->trace.is_listening = true;
    if (task->trace.stop_wanted) /* SIGCONT has come already */
        stop_end(task);
    return 0;
}

static long get_info(struct task *task, uintptr_t data)
{
    if (!task->trace.info.si_signo)
        return -EINVAL;
    return copy_to_user(data, &task->trace.info, sizeof(siginfo_t)) ? -EFAULT : 0;
}

static long set_info(struct task *task, uintptr_t data)
{
    siginfo_t info;

    if (copy_from_user(&info, data, sizeof(info)))
        return -EFAULT;
    if (!task->trace.info.si_signo)
        return -EINVAL;
    task->trace.info = info;
    return 0;
}

static long detach_with(struct task *task, uintptr_t signal)
{
    if (signal > SIGNAL_COUNT)
        return -EIO;
    task->trace.resume_signal = (int)signal;
    detach(task);
    return 0;
}

/* Requests on a tracee that is stopped. */
static long request_stopped(struct task *task, long request, uintptr_t address, uintptr_t data)
{
    switch (request) {
    case PTRACE_PEEKTEXT:
    case PTRACE_PEEKDATA:
        return peek(task, address, data);
    case PTRACE_POKETEXT:
    case PTRACE_POKEDATA:
        return poke(task, address, data);
    case PTRACE_CONT:
    case PTRACE_SYSCALL:
    case PTRACE_SINGLESTEP:
        return resume(task, request, data);
    case PTRACE_DETACH:
        return detach_with(task, data);
    case PTRACE_LISTEN:
        return listen(task);
    case PTRACE_SETOPTIONS:
        return set_options(task, data);
    case PTRACE_GETEVENTMSG:
        return copy_to_user(data, &task->trace.message, sizeof(task->trace.message)) ? -EFAULT : 0;
    case PTRACE_GETSIGINFO:
        return get_info(task, data);
    case PTRACE_SETSIGINFO:
        return set_info(task, data);
    default:
        return ptrace_query(task, request, address, data);
    }
}

SYSCALL4(ptrace, long, request, int, pid, uintptr_t, address, uintptr_t, data)
{
    if (request == PTRACE_TRACEME)
        return trace_me();
    struct task *task = task_find(pid);
    if (!task)
        return -ESRCH;
    if (request == PTRACE_ATTACH || request == PTRACE_SEIZE)
        return attach(task, request == PTRACE_SEIZE, address, data);
    if (task->trace.tracer != current_process())
        return -ESRCH;
    if (request == PTRACE_KILL) {
        signal_send_process(task->process, SIGKILL);
        return 0;
    }
    if (request == PTRACE_INTERRUPT)
        return interrupt(task);
    if (task->stop.kind != STOP_TRACE || task->trace.is_listening)
        return -ESRCH;
    return request_stopped(task, request, address, data);
}
