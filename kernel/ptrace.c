// SPDX-License-Identifier: MIT
#include "kernel/ptrace.h"

#include <linux/ptrace.h>

#include "arch/cpu.h"
#include "arch/usercopy.h"
#include "kernel/signal.h"
#include "kernel/stop.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "libc/include/string.h"
#include "mm/access.h"

#define OPTIONS_SUPPORTED (PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC)

/* ---- the tracee's side ---- */

bool ptrace_signal_stop(siginfo_t *info)
{
    struct task *task = current();

    task->trace.info = *info;
    task->trace.resume_signal = info->si_signo;
    stop_current(STOP_TRACE, info->si_signo);
    int signal = task->trace.resume_signal;
    if (signal == 0)
        return false;
    *info = task->trace.info;
    if (signal != info->si_signo) {
        *info = (siginfo_t){.si_signo = signal, .si_code = SI_USER};
        info->si_pid = task->trace.tracer ? task->trace.tracer->pid : 0;
    }
    return true;
}

void ptrace_interrupt_stop(void)
{
    struct task *task = current();

    task->trace.stop_wanted = false;
    task->trace.info =
        (siginfo_t){.si_signo = SIGTRAP, .si_code = SIGTRAP | PTRACE_EVENT_STOP << 8};
    stop_current(STOP_TRACE, SIGTRAP | PTRACE_EVENT_STOP << 8);
}

void ptrace_exec(void)
{
    struct trace_state *trace = &current()->trace;
    int event = SIGTRAP | PTRACE_EVENT_EXEC << 8;

    if (!trace->tracer)
        return;
    if (trace->options & PTRACE_O_TRACEEXEC) {
        trace->info = (siginfo_t){.si_signo = SIGTRAP, .si_code = event};
        stop_current(STOP_TRACE, event);
    } else if (!trace->seized) {
        siginfo_t info = {.si_signo = SIGTRAP, .si_code = SI_USER};
        info.si_pid = current()->pid;
        signal_send_info(current(), &info);
    }
}

void ptrace_clear_step(struct task *task)
{
    if (task->trace.single_step)
        task_frame(task)->rflags &= ~RFLAGS_TF;
    task->trace.single_step = false;
}

/* ---- the tracer's side ---- */

static void detach(struct task *task)
{
    ptrace_clear_step(task);
    task->trace.tracer = NULL;
    task->trace.options = 0;
    task->trace.seized = false;
    task->trace.stop_wanted = false;
    if (task->stop.kind == STOP_TRACE)
        stop_end(task);
}

void ptrace_let_go(struct task *tracer)
{
    struct task *task;

    TAILQ_FOREACH (task, &all_tasks, all_link) {
        if (task->trace.tracer != tracer)
            continue;
        bool kill = task->trace.options & PTRACE_O_EXITKILL;
        task->trace.resume_signal = 0;
        detach(task);
        if (kill)
            signal_send(task, SIGKILL);
    }
}

static long trace_me(void)
{
    struct trace_state *trace = &current()->trace;

    if (trace->tracer)
        return -EPERM;
    trace->tracer = current()->parent;
    return 0;
}

static long attach(struct task *task, bool seize, uintptr_t options)
{
    if (task == current() || task->trace.tracer || task->state == TASK_ZOMBIE)
        return -EPERM;
    if (seize && (options & ~(uintptr_t)OPTIONS_SUPPORTED))
        return -EIO;
    task->trace.tracer = current();
    task->trace.seized = seize;
    task->trace.options = seize ? (uint32_t)options : 0;
    if (seize)
        return 0;
    if (task->stop.kind == STOP_JOB) {
        /* Stopped already: the tracer waits for it like for any stop. */
        task->stop.kind = STOP_TRACE;
        task->stop.told = false;
        return 0;
    }
    return signal_send(task, SIGSTOP);
}

static long resume(struct task *task, uintptr_t signal, bool step)
{
    if (signal > SIGNAL_COUNT)
        return -EIO;
    ptrace_clear_step(task);
    if (step && !(task_frame(task)->rflags & RFLAGS_TF)) {
        task_frame(task)->rflags |= RFLAGS_TF;
        frame_is_changed(task_frame(task));
        task->trace.single_step = true;
    }
    task->trace.resume_signal = (int)signal;
    stop_end(task);
    return 0;
}

static long peek(struct task *task, uintptr_t address, uintptr_t data)
{
    uint64_t word;

    if (space_read(task->space, address, &word, sizeof(word)) != sizeof(word))
        return -EIO;
    return copy_to_user(data, &word, sizeof(word)) ? -EFAULT : 0;
}

static long poke(struct task *task, uintptr_t address, uint64_t word)
{
    if (space_write(task->space, address, &word, sizeof(word)) != sizeof(word))
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
    task->trace.stop_wanted = true;
    task_set_work(task, WORK_SIGNAL);
    sched_notify(task);
    return 0;
}

/* Requests on a tracee that is stopped. */
static long request_stopped(struct task *task, long request, uintptr_t address, uintptr_t data)
{
    siginfo_t info;

    switch (request) {
    case PTRACE_PEEKTEXT:
    case PTRACE_PEEKDATA:
        return peek(task, address, data);
    case PTRACE_POKETEXT:
    case PTRACE_POKEDATA:
        return poke(task, address, data);
    case PTRACE_CONT:
        return resume(task, data, false);
    case PTRACE_SINGLESTEP:
        return resume(task, data, true);
    case PTRACE_DETACH:
        if (data > SIGNAL_COUNT)
            return -EIO;
        task->trace.resume_signal = (int)data;
        detach(task);
        return 0;
    case PTRACE_SETOPTIONS:
        return set_options(task, data);
    case PTRACE_GETSIGINFO:
        return copy_to_user(data, &task->trace.info, sizeof(siginfo_t)) ? -EFAULT : 0;
    case PTRACE_SETSIGINFO:
        if (copy_from_user(&info, data, sizeof(info)))
            return -EFAULT;
        task->trace.info = info;
        return 0;
    default:
        return ptrace_get_set(task, request, address, data);
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
        return attach(task, request == PTRACE_SEIZE, data);
    if (task->trace.tracer != current())
        return -ESRCH;
    if (request == PTRACE_KILL) {
        signal_send(task, SIGKILL);
        return 0;
    }
    if (request == PTRACE_INTERRUPT)
        return interrupt(task);
    if (task->stop.kind != STOP_TRACE)
        return -ESRCH;
    return request_stopped(task, request, address, data);
}
