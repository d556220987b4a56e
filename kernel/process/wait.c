// SPDX-License-Identifier: MIT
/* wait4: the ends of children. Rooms above have the other reports (stops, for one). */
#include <linux/resource.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "arch/mmu/usercopy.h"
#include "kernel/call/permission.h"
#include "kernel/call/syscall.h"
#include "kernel/process/wait.h"
#include "kernel/task/task.h"

bool wait_names(const struct wait_request *request, const struct task *task)
{
    if (request->type == P_ALL)
        return true;
    return (request->type == P_PID ? task->tid : task->process->pgid) == request->id;
}

/* A child whose exit signal is not SIGCHLD is found on request only, except by its tracer. */
static bool is_wanted(const struct process *child, const struct wait_request *request)
{
    if (child->leader->tracer != current_process() && !(request->options & __WALL) &&
        (child->exit_signal != SIGCHLD) != !!(request->options & (int)__WCLONE))
        return false;
    return wait_names(request, child->leader);
}

int wait_finds(struct wait_request *request, struct task *task, int status, int code,
               void (*note)(const struct wait_request *request))
{
    request->found = task;
    request->status = status;
    request->code = code;
    request->note = note;
    request->pid = task->tid;
    request->user = task_real_user(task);
    return 1;
}

/* A zombie is freed once its parent has been told. */
static void note_end(const struct wait_request *request)
{
    struct process *child = request->found->process;

    TELL(child_is_waited_for, child);
    TAILQ_REMOVE(&current_process()->children, child, sibling);
    process_free(child);
}

/* Whether there is something to report of a child. Its tracer is told first when it ends. */
static bool look_at(struct process *child, struct wait_request *request)
{
    const struct process *tracer = child->leader->tracer;
    bool has_ended = child->is_zombie && (!tracer || tracer == current_process());

    request->has_children |= !has_ended;
    if (has_ended && (request->options & WEXITED))
        return wait_finds(request, child->leader, child->wait_status,
                          process_end_code(child->wait_status), note_end);
    return ASK(wait_looks, child, request);
}

/* The condition of the wait: something to report, or no child left that could have any. */
static bool find_child(void *context)
{
    struct wait_request *request = context;
    struct process *child;

    request->has_children = false;
    TAILQ_FOREACH (child, &current_process()->children, sibling)
        if (is_wanted(child, request) && look_at(child, request))
            return true;
    return ASK(wait_looks_further, request) || !request->has_children;
}

long wait_for_child(struct wait_request *request)
{
    if (request->options & WNOHANG) {
        if (!find_child(request))
            return 0;
    } else {
        int error = wait_event(&current_process()->child_exit, find_child, request);
        if (error)
            return error;
    }
    if (!request->found)
        return -ECHILD;
    if (request->usage) /* zeros, unless a room counts usage */
        request->usage_failed = clear_user(request->usage, sizeof(struct rusage)) ||
                                ASK(usage_is_asked_for, request->usage, request->found);
    if (!(request->options & WNOWAIT))
        request->note(request);
    return request->pid;
}

#define WAIT4_OPTIONS (WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WALL | (int)__WCLONE)

SYSCALL4(wait4, int, pid, uintptr_t, status, int, options, uintptr_t, usage)
{
    struct wait_request request = {.type = P_ALL, .options = options | WEXITED, .usage = usage};

    if (options & ~WAIT4_OPTIONS)
        return -EINVAL;
    if (pid == INT32_MIN)
        return -ESRCH;
    if (pid > 0) {
        request.type = P_PID;
        request.id = pid;
    } else if (pid != -1) {
        request.type = P_PGID;
        request.id = pid == 0 ? current_process()->pgid : -pid;
    }
    long result = wait_for_child(&request);
    if (result > 0) {
        if (status && copy_to_user(status, &request.status, sizeof(request.status)))
            return -EFAULT;
        if (request.usage_failed)
            return -EFAULT;
    }
    return result;
}
