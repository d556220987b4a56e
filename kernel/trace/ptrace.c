// SPDX-License-Identifier: MIT
#include "kernel/trace/ptrace.h"

#include <linux/ptrace.h>
#include <linux/sched.h>

#include "arch/cpu/cpu.h"
#include "arch/mmu/usercopy.h"
#include "kernel/call/permission.h"
#include "kernel/call/syscall.h"
#include "kernel/job/stop.h"
#include "kernel/process/events.h"
#include "kernel/signal/signal.h"
#include "kernel/task/kernel_lock.h"
#include "kernel/task/task.h"
#include "kernel/user/credentials.h"
#include "libc/include/string.h"
#include "mm/access/access.h"

/* All but PTRACE_O_SUSPEND_SECCOMP: there is nothing to suspend. */
#define OPTIONS_SUPPORTED (PTRACE_O_EXITKILL | (PTRACE_O_MASK & 0xff))

static void detach(struct task *task)
{
    trace_clear_step(task);
    task->tracer = NULL;
    trace_of(task)->options = 0;
    trace_of(task)->seized = false;
    trace_of(task)->stop_wanted = false;
    trace_of(task)->group_stop = 0;
    task->told_of_calls &= ~TOLD_TRACER;
    if (stop_of(task)->kind != STOP_TRACE) {
        if (job_of(task->process)->is_stopped) /* which it joins now */
            task_set_work(task, WORK_SIGNAL | WORK_STOP);
        return;
    }
    if (trace_of(task)->in_group_stop) /* which goes on without the tracer */
        stop_give_to_job(task, stop_of(task)->code & 0x7f);
    else
        stop_end(task);
}

static struct task *find_tracee(const struct process *tracer)
{
    struct task *task;

    TAILQ_FOREACH (task, &all_tasks, all_link)
        if (task->tracer == tracer)
            return task;
    return NULL;
}

/* A process ends: those it traces are let go. */
static void detach_all(struct process *tracer)
{
    struct task *task;

    while ((task = find_tracee(tracer))) {
        bool kill = trace_of(task)->options & PTRACE_O_EXITKILL;
        trace_of(task)->resume_signal = 0;
        detach(task);
        if (task->state == TASK_ZOMBIE)
            trace_let_go_of_ended(task);
        else if (kill)
            signal_send_process(task->process, SIGKILL);
    }
}

ATTACH(process_ends, detach_all);

static long trace_me(void)
{
    if (current()->tracer)
        return -EPERM;
    current()->tracer = current_process()->parent;
    return 0;
}

/* Stopped already: from here on by the tracer, which is told of it like of any stop. */
static void take_over_stop(struct task *task)
{
    int signal = job_of(task->process)->signal;
    int code = trace_of(task)->seized ? signal | PTRACE_EVENT_STOP << 8 : signal;

    trace_of(task)->in_group_stop = true;
    trace_of(task)->info = (siginfo_t){.si_code = code};
    if (trace_of(task)->seized)
        trace_of(task)->info.si_signo = signal;
    job_of(task->process)->is_stopped = job_of(task->process)->is_complete = false;
    *stop_of(task) = (struct stop_state){.kind = STOP_TRACE, .code = code};
    trace_tell(task, code);
}

static long attach(struct task *task, bool seize, uintptr_t address, uintptr_t options)
{
    if (seize && (address || (options & ~(uintptr_t)OPTIONS_SUPPORTED)))
        return -EIO;
    if (task->process == current_process() || task->tracer || task->state == TASK_ZOMBIE ||
        !task_may_trace(task))
        return -EPERM;
    task->tracer = current_process();
    trace_of(task)->seized = seize;
    trace_of(task)->options = seize ? (uint32_t)options : 0;
    if (stop_of(task)->kind == STOP_JOB)
        take_over_stop(task);
    return seize ? 0 : signal_send(task, SIGSTOP);
}

/* PTRACE_CONT, PTRACE_SYSCALL or PTRACE_SINGLESTEP. */
static long resume(struct task *task, long request, uintptr_t signal)
{
    bool step = request == PTRACE_SINGLESTEP;

    if (signal > SIGNAL_COUNT)
        return -EIO;
    task->told_of_calls &= ~TOLD_TRACER;
    if (request == PTRACE_SYSCALL)
        task->told_of_calls |= TOLD_TRACER;
    trace_clear_step(task);
    if (step && !(task_frame(task)->rflags & RFLAGS_TF)) {
        task_frame(task)->rflags |= RFLAGS_TF;
        trace_note_change(task);
        trace_of(task)->single_step = true;
    }
    trace_of(task)->resume_signal = (int)signal;
    trace_of(task)->in_group_stop = false;
    stop_end(task);
    return 0;
}

/* A tracer from before may see no more of a program that it may not read than one that comes. */
static bool may_touch_memory(const struct task *task)
{
    return !control_of(task->process)->is_not_dumpable || task_may(CAP_SYS_PTRACE);
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
    trace_of(task)->options = (uint32_t)options;
    return 0;
}

static long interrupt(struct task *task)
{
    if (!trace_of(task)->seized)
        return -EIO;
    trace_want_stop(task);
    return 0;
}

/* Lets a group stop last until SIGCONT, or PTRACE_INTERRUPT, brings the next stop. */
static long listen(struct task *task)
{
    if (!trace_of(task)->seized || stop_of(task)->code >> 8 != PTRACE_EVENT_STOP)
        return -EIO;
    trace_of(task)->is_listening = true;
    if (trace_of(task)->stop_wanted) /* SIGCONT has come already */
        stop_end(task);
    return 0;
}

static long get_info(struct task *task, uintptr_t data)
{
    if (!trace_of(task)->info.si_signo)
        return -EINVAL;
    return copy_to_user(data, &trace_of(task)->info, sizeof(siginfo_t)) ? -EFAULT : 0;
}

static long set_info(struct task *task, uintptr_t data)
{
    siginfo_t info;

    if (copy_from_user(&info, data, sizeof(info)))
        return -EFAULT;
    if (!trace_of(task)->info.si_signo)
        return -EINVAL;
    trace_of(task)->info = info;
    return 0;
}

static long detach_with(struct task *task, uintptr_t signal)
{
    if (signal > SIGNAL_COUNT)
        return -EIO;
    trace_of(task)->resume_signal = (int)signal;
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
        return copy_to_user(data, &trace_of(task)->message, sizeof(trace_of(task)->message))
                   ? -EFAULT
                   : 0;
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
    if (task->tracer != current_process())
        return -ESRCH;
    if (request == PTRACE_KILL) {
        signal_send_process(task->process, SIGKILL);
        return 0;
    }
    if (request == PTRACE_INTERRUPT)
        return interrupt(task);
    if (stop_of(task)->kind != STOP_TRACE || trace_of(task)->is_listening)
        return -ESRCH;
    return request_stopped(task, request, address, data);
}
