// SPDX-License-Identifier: MIT
#include "kernel/group.h"

#include "kernel/signal.h"
#include "kernel/syscall.h"
#include "kernel/task.h"

/* ---- orphaned groups ---- */

/* Whether the parent could stop the process and let it go on, as a shell does with its jobs. */
static bool is_looked_after(const struct process *process, const struct process *parent)
{
    return parent && parent->pgid != process->pgid && parent->sid == process->sid;
}

/* Not counting one process, which may be NULL. */
static bool is_orphaned_without(int pgid, const struct process *except)
{
    const struct process *process;

    TAILQ_FOREACH (process, &all_processes, all_link)
        if (process->pgid == pgid && process != except && !process->is_zombie &&
            !process->is_adopted && is_looked_after(process, process->parent))
            return false;
    return true;
}

static bool has_stopped_member(int pgid)
{
    const struct process *process;

    TAILQ_FOREACH (process, &all_processes, all_link)
        if (process->pgid == pgid && process->job.is_stopped)
            return true;
    return false;
}

bool group_is_orphaned(void)
{
    return is_orphaned_without(current_process()->pgid, NULL);
}

void group_lost_parent(const struct process *process, const struct process *parent)
{
    int pgid = process->pgid;

    if (!is_looked_after(process, parent) || !is_orphaned_without(pgid, process) ||
        !has_stopped_member(pgid))
        return;
    signal_send_group(pgid, SIGHUP);
    signal_send_group(pgid, SIGCONT);
}

/* ---- system calls ---- */

SYSCALL0(getpgrp)
{
    return current_process()->pgid;
}

SYSCALL1(getpgid, int, pid)
{
    struct process *process = pid ? process_find(pid) : current_process();

    return process ? process->pgid : -ESRCH;
}

SYSCALL1(getsid, int, pid)
{
    struct process *process = pid ? process_find(pid) : current_process();

    return process ? process->sid : -ESRCH;
}

static bool group_exists(int pgid, int sid)
{
    struct process *process;

    TAILQ_FOREACH (process, &all_processes, all_link)
        if (process->pgid == pgid && process->sid == sid)
            return true;
    return false;
}

SYSCALL2(setpgid, int, pid, int, pgid)
{
    struct process *self = current_process();

    if (pid == 0)
        pid = self->pid;
    if (pgid == 0)
        pgid = pid;
    if (pgid < 0)
        return -EINVAL;
    struct process *process = process_find(pid);
    if (!process || (process != self && process->parent != self))
        return -ESRCH;
    if (process != self && process->sid != self->sid)
        return -EPERM;
    if (process != self && process->has_execed)
        return -EACCES;
    if (process->sid == process->pid || (pgid != pid && !group_exists(pgid, self->sid)))
        return -EPERM;
    process->pgid = pgid;
    return 0;
}

SYSCALL0(setsid)
{
    struct process *self = current_process();
    struct process *process;

    TAILQ_FOREACH (process, &all_processes, all_link)
        if (process->pgid == self->pid)
            return -EPERM;
    self->sid = self->pid;
    self->pgid = self->pid;
    self->tty = NULL;
    return self->sid;
}
