// SPDX-License-Identifier: MIT
#include "kernel/stop.h"

#include "kernel/ptrace.h"
#include "kernel/sched.h"
#include "kernel/signal.h"
#include "kernel/task.h"

/* SIGCHLD about a child that stopped or goes on; a parent may not want to hear of it. */
static void tell(struct task *task, struct task *to, int code, int status)
{
    siginfo_t info = {.si_signo = SIGCHLD, .si_code = code};

    if (!to)
        return;
    info.si_pid = task->pid;
    info.si_status = status;
    if (code == CLD_TRAPPED || !(to->signals.actions->action[SIGCHLD - 1].sa_flags & SA_NOCLDSTOP))
        signal_send_info(to, &info);
    wake_all(&to->child_exit);
}

void stop_change(struct task *task, enum stop_kind kind, int code)
{
    task->stop.kind = kind;
    task->stop.code = code;
    task->stop.told = false;
    task->stop.continued = false;
    if (kind == STOP_TRACE)
        tell(task, task->trace.tracer, CLD_TRAPPED, code & 0x7f);
    else
        tell(task, task->parent, CLD_STOPPED, code);
}

void stop_current(enum stop_kind kind, int code)
{
    struct task *task = current();

    stop_change(task, kind, code);
    while (task->stop.kind != STOP_NONE && !signal_is_killed(task))
        sched_stop();
    task->stop.kind = STOP_NONE;
}

void stop_end(struct task *task)
{
    task->stop.kind = STOP_NONE;
    sched_continue(task);
}

void stop_continue(struct task *task)
{
    if (task->trace.is_listening) {
        task->trace.stop_wanted = true;
        stop_end(task);
    }
    if (task->stop.kind != STOP_JOB)
        return;
    task->stop.continued = true;
    stop_end(task);
    tell(task, task->parent, CLD_CONTINUED, SIGCONT);
}
