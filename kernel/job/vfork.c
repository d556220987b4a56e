// SPDX-License-Identifier: MIT
#include "kernel/job/vfork.h"

#include <linux/sched.h>

#include "kernel/call/syscall.h"
#include "kernel/process/events.h"
#include "kernel/signal/signal.h"
#include "kernel/task/state.h"
#include "kernel/task/task.h"

/* Of a thread that calls vfork(). */
struct vfork {
    struct wait_queue queue;
    struct process *child; /* what it waits for; NULL: that has let it go, or there is none */
    bool is_under_way;
};

TASK_STATE(struct vfork, task_vfork);
PROCESS_STATE(struct vfork *, process_vfork); /* its parent's, while that waits; or NULL */

static int begin(struct task *child, struct clone_request *request)
{
    struct vfork *vfork = task_state(current(), task_vfork);

    vfork->is_under_way = (request->flags & CLONE_VFORK) && !(request->flags & CLONE_THREAD);
    request->handled |= CLONE_VFORK;
    if (!vfork->is_under_way)
        return 0;
    wait_queue_init(&vfork->queue);
    vfork->child = child->process;
    *process_state(child->process, process_vfork) = vfork;
    return 0;
}

ATTACH(thread_is_made, begin);

/*
 * Whether a signal is pending that ends the process, without a core dump: Linux does that at once,
 * and does not wait for the thread to come back to ring 3.
 */
static bool is_ending(void)
{
    const struct task *task = current();
    signal_set_t left = signal_deliverable_set() & ~(DEFAULT_IGNORED | DEFAULT_STOP | DEFAULT_CORE);

    if (signal_is_killed(task))
        return true;
    for (; left && !task->tracer; left &= left - 1)
        if (signal_action_of(task->process, __builtin_ctzl(left) + 1)->sa_handler == SIG_DFL)
            return true;
    return false;
}

static bool is_over(void *context)
{
    return !((const struct vfork *)context)->child || is_ending();
}

static void wait(int child)
{
    struct vfork *vfork = task_state(current(), task_vfork);

    if (!vfork->is_under_way)
        return;
    wait_event_uninterruptible(&vfork->queue, is_over, vfork);
    if (vfork->child) /* this process ends first */
        *process_state(vfork->child, process_vfork) = NULL;
    vfork->is_under_way = false;
    TELL(vfork_is_over, child);
}

ATTACH(clone_returns, wait);

/* The process has its own address space now, or has ended. */
static void let_parent_go(struct process *process)
{
    struct vfork **vfork = process_state(process, process_vfork);

    if (*vfork) {
        (*vfork)->child = NULL;
        wake_all(&(*vfork)->queue);
    }
    *vfork = NULL;
}

ATTACH(process_ends, let_parent_go);

static void let_parent_go_at_exec(struct task *task, const struct exec_facts *facts)
{
    (void)facts;
    let_parent_go(task->process);
}

ATTACH(exec_commits, let_parent_go_at_exec);

SYSCALL0(vfork)
{
    struct clone_request request = {.flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD};

    return process_clone(&request);
}
