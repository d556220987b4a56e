// SPDX-License-Identifier: MIT
/*
 * exec leaves others behind: the threads of the process, which end, so that the one that execs
 * becomes the leader, by whose number the process is known; and processes that share its
 * descriptors or handlers.
 */
#include <asm/errno.h>
#include <linux/sched.h>

#include "kernel/file/file.h"
#include "kernel/process/events.h"
#include "kernel/signal/signal.h"
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
static int end_threads(void)
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
    return 0;
}

/* Gives the running process its own copy of its handlers, if it shares them: 0 or -ENOMEM. */
static int unshare_actions(void)
{
    struct process *process = current_process();
    struct signal_actions *old = process->actions;

    if (old->references == 1)
        return 0;
    struct signal_actions *copy = signal_actions_create(old);
    if (!copy)
        return -ENOMEM;
    process->actions = copy;
    signal_actions_put(old);
    return 0;
}

/*
 * What the task shared only with its other threads is its own once they have ended, and its
 * descriptors keep their file locks; only what another process shares is copied. Without its
 * threads the old program cannot go on, so the task is killed when there is no memory for that.
 */
static int leave_others(void)
{
    int error = end_threads();

    if (error)
        return error;
    error = unshare_files();
    if (!error)
        error = unshare_actions();
    if (error)
        signal_send(current(), SIGKILL);
    return error ? error : 1;
}

ATTACH(exec_leaves_others, leave_others);

static int see_to_sharing(struct task *child, struct clone_request *request)
{
    (void)child;
    request->handled |= CLONE_FILES | CLONE_SIGHAND;
    return 0;
}

ATTACH(thread_is_made, see_to_sharing);
