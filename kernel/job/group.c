// SPDX-License-Identifier: MIT
#include "kernel/job/group.h"

#include <asm/errno.h>

#include "kernel/call/syscall.h"
#include "kernel/job/stop.h"
#include "kernel/process/events.h"
#include "kernel/signal/signal.h"
#include "kernel/task/task.h"

/* What a group goes by. */
struct membership {
    bool is_adopted; /* the first program took it when its own parent had ended */
    bool has_execed; /* since it was made: its parent may not move it to a group any more */
};

PROCESS_STATE(struct membership, process_membership);

static struct membership *membership_of(const struct process *process)
{
    return process_state(process, process_membership);
}

static void note_exec(struct task *task, const struct exec_facts *facts)
{
    (void)facts;
    membership_of(task->process)->has_execed = true;
}

ATTACH(exec_commits, note_exec);

/* ---- numbers ---- */

uint64_t pid_max = PID_MAX_DEFAULT;

static bool is_taken(int number)
{
    const struct process *process;

    if (task_find(number))
        return true;
    TAILQ_FOREACH (process, &all_processes, all_link)
        if (process->pgid == number || process->sid == number)
            return true;
    return false;
}

/* The next number that no task, group or session has. */
static int number_task(int *tid)
{
    for (uint64_t tries = 0; tries < pid_max; tries++, ++*tid) {
        if ((uint64_t)*tid >= pid_max)
            *tid = RESERVED_PIDS;
        if (!is_taken(*tid))
            return 0;
    }
    return -EAGAIN;
}

ATTACH(task_is_numbered, number_task);

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
            !membership_of(process)->is_adopted && is_looked_after(process, process->parent))
            return false;
    return true;
}

static bool has_stopped_member(int pgid)
{
    const struct process *process;

    TAILQ_FOREACH (process, &all_processes, all_link)
        if (process->pgid == pgid && job_of(process)->is_stopped)
            return true;
    return false;
}

bool group_is_orphaned(void)
{
    return is_orphaned_without(current_process()->pgid, NULL);
}

bool group_ignores_stop(int signal)
{
    return signal != SIGSTOP && group_is_orphaned();
}

/*
 * A process ends, or ceases to be a child of this parent. If that orphans its group and a member is
 * stopped, all members get SIGHUP and SIGCONT.
 */
static void lose_parent(struct process *process, const struct process *parent)
{
    int pgid = process->pgid;

    membership_of(process)->is_adopted =
        process->parent->pid == FIRST_PID && process->parent != parent;
    if (!is_looked_after(process, parent) || !is_orphaned_without(pgid, process) ||
        !has_stopped_member(pgid))
        return;
    signal_send_group(pgid, SIGHUP);
    signal_send_group(pgid, SIGCONT);
}

ATTACH(parent_is_lost, lose_parent);

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
    if (process != self && membership_of(process)->has_execed)
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
    TELL(session_is_made, self);
    return self->sid;
}

/* ---- signals to many ---- */

/* It is enough if one of the group gets it. */
int signal_send_to_group(int pgid, const siginfo_t *info, int signal)
{
    struct process *process;
    int result = -ESRCH;
    bool is_sent = false;

    TAILQ_FOREACH (process, &all_processes, all_link) {
        if (process->pgid != pgid)
            continue;
        result = signal_send_to_process(process->leader, info, signal);
        is_sent |= !result;
    }
    return is_sent ? 0 : result;
}

/* To all but the caller and the first program; those that it may not send to do not matter. */
static int send_to_all(const siginfo_t *info, int signal)
{
    struct process *process;
    int result = 0;
    bool is_alone = true;

    TAILQ_FOREACH (process, &all_processes, all_link) {
        if (process->pid <= 1 || process == current_process())
            continue;
        int error = signal_send_to_process(process->leader, info, signal);
        if (error != -EPERM)
            result = error;
        is_alone = false;
    }
    return is_alone ? -ESRCH : result;
}

/* The caller's group (0), all (-1), or a group. */
static int send_to_many(int pid, const siginfo_t *info, int signal)
{
    int error = -ESRCH;

    if (pid == -1)
        error = send_to_all(info, signal);
    else if (pid != INT32_MIN)
        error = signal_send_to_group(pid ? -pid : current_process()->pgid, info, signal);
    return error ? error : 1;
}

ATTACH(many_are_signalled, send_to_many);
