// SPDX-License-Identifier: MIT
#include "kernel/group.h"

#include "kernel/signal.h"
#include "kernel/syscall.h"
#include "kernel/task.h"

/* ---- orphaned groups ---- */

/* Whether the parent could stop the task and let it go on, as a shell does with its jobs. */
static bool is_looked_after(const struct task *task, const struct task *parent)
{
    return parent && parent->pgid != task->pgid && parent->sid == task->sid;
}

/* Not counting one task, which may be NULL. */
static bool is_orphaned_without(int pgid, const struct task *except)
{
    const struct task *task;

    TAILQ_FOREACH (task, &all_tasks, all_link)
        if (task->pgid == pgid && task != except && task->state != TASK_ZOMBIE &&
            !task->is_adopted && is_looked_after(task, task->parent))
            return false;
    return true;
}

static bool has_stopped_member(int pgid)
{
    const struct task *task;

    TAILQ_FOREACH (task, &all_tasks, all_link)
        if (task->pgid == pgid && task->stop.kind == STOP_JOB)
            return true;
    return false;
}

bool group_is_orphaned(void)
{
    return is_orphaned_without(current()->pgid, NULL);
}

void group_lost_parent(const struct task *task, const struct task *parent)
{
    int pgid = task->pgid;

    if (!is_looked_after(task, parent) || !is_orphaned_without(pgid, task) ||
        !has_stopped_member(pgid))
        return;
    signal_send_group(pgid, SIGHUP);
    signal_send_group(pgid, SIGCONT);
}

/* ---- system calls ---- */

SYSCALL0(getpgrp)
{
    return current()->pgid;
}

SYSCALL1(getpgid, int, pid)
{
    struct task *task = pid ? task_find(pid) : current();

    return task ? task->pgid : -ESRCH;
}

SYSCALL1(getsid, int, pid)
{
    struct task *task = pid ? task_find(pid) : current();

    return task ? task->sid : -ESRCH;
}

static bool group_exists(int pgid, int sid)
{
    struct task *task;

    TAILQ_FOREACH (task, &all_tasks, all_link)
        if (task->pgid == pgid && task->sid == sid)
            return true;
    return false;
}

SYSCALL2(setpgid, int, pid, int, pgid)
{
    struct task *self = current();

    if (pid == 0)
        pid = self->pid;
    if (pgid == 0)
        pgid = pid;
    if (pgid < 0)
        return -EINVAL;
    struct task *task = task_find(pid);
    if (!task || (task != self && task->parent != self))
        return -ESRCH;
    if (task != self && task->sid != self->sid)
        return -EPERM;
    if (task != self && task->has_execed)
        return -EACCES;
    if (task->sid == task->pid || (pgid != pid && !group_exists(pgid, self->sid)))
        return -EPERM;
    task->pgid = pgid;
    return 0;
}

SYSCALL0(setsid)
{
    struct task *self = current();
    struct task *task;

    TAILQ_FOREACH (task, &all_tasks, all_link)
        if (task->pgid == self->pid)
            return -EPERM;
    self->sid = self->pid;
    self->pgid = self->pid;
    return self->sid;
}
