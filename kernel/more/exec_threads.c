// SPDX-License-Identifier: MIT
/*
 * exec in a process of several threads: the others end, and the one that execs becomes the leader,
 * by whose number the process is known.
 */
#include <asm/errno.h>

#include "kernel/process/events.h"
#include "kernel/task/state.h"
#include "kernel/task/task.h"

/* Lives on while exec ends the other threads, or NULL. */
PROCESS_STATE(struct task *, process_execer);

static struct task **execer_of(const struct process *process)
{
    return process_state(process, process_execer);
}

/* The maker ends before it comes to ring 3 again. */
static int refuse_new_threads(const struct process *maker)
{
    return *execer_of(maker) ? -EAGAIN : 0;
}

ATTACH(thread_is_wanted, refuse_new_threads);

static bool is_alone(void *context)
{
    return ((const struct process *)context)->live_threads == 1;
}

static void look_again(struct process *process)
{
    if (*execer_of(process))
        wake_all(&process->child_exit);
}

ATTACH(thread_has_ended, look_again);

/* -EAGAIN when the process is ending itself or another thread is at it. */
static int end_other_threads(void)
{
    struct task *self = current();
    struct process *process = self->process;
    struct task *old = process->leader;

    if (process->is_exiting || *execer_of(process))
        return -EAGAIN;
    *execer_of(process) = self;
    process_doom_others(process);
    wait_event_uninterruptible(&process->child_exit, is_alone, process);
    *execer_of(process) = NULL;
    if (old != self) {
        TAILQ_REMOVE(&process->threads, old, thread);
        task_free(old);
        process->leader = self;
        self->tid = process->pid;
    }
    return 1;
}

ATTACH(exec_leaves_threads, end_other_threads);
