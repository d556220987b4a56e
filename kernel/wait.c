// SPDX-License-Identifier: MIT
/* wait4 and waitid: ends, stops and continuations of children and tracees. */
#include <linux/types.h>
#include <linux/wait.h>

#include "arch/usercopy.h"
#include "kernel/syscall.h"
#include "kernel/task.h"

struct wait_request {
    int type; /* P_ALL, P_PID, P_PGID */
    int id;
    int options; /* WEXITED, WSTOPPED, WCONTINUED, WNOHANG, WNOWAIT */
    bool has_children;
    struct task *found;
    int status; /* as wait(2) has it */
    int code;   /* CLD_* */
    int pid;
    struct usage usage; /* of an ended child and those that it waited for */
};

static bool is_wanted(const struct task *task, const struct wait_request *request)
{
    bool is_clone = task->exit_signal != SIGCHLD;
    bool want_clone = request->options & (int)__WCLONE;

    if (task->parent != current() && task->trace.tracer != current())
        return false;
    /* A tracer hears of all; a parent of those that tell it otherwise only if it asks. */
    if (task->trace.tracer != current() && !(request->options & __WALL) && is_clone != want_clone)
        return false;
    if (request->type == P_ALL)
        return true;
    return (request->type == P_PID ? task->pid : task->pgid) == request->id;
}

static bool found(struct wait_request *request, struct task *task, int status, int code)
{
    request->found = task;
    request->status = status;
    request->code = code;
    request->pid = task->pid;
    request->usage = usage_of(task);
    usage_add(&request->usage, &task->children_usage);
    return true;
}

/* A zombie with a tracer that is not its parent is the tracer's to wait for first. */
static bool has_ended(struct task *task, struct wait_request *request)
{
    int status = task->wait_status;

    if (!(request->options & WEXITED) || task->state != TASK_ZOMBIE ||
        (task->trace.tracer && task->trace.tracer != current()))
        return false;
    return found(request, task, status,
                 !(status & 0x7f)  ? CLD_EXITED
                 : (status & 0x80) ? CLD_DUMPED
                                   : CLD_KILLED);
}

static bool has_stopped(struct task *task, struct wait_request *request)
{
    bool traced = task->stop.kind == STOP_TRACE && task->trace.tracer == current();
    bool job =
        task->stop.kind == STOP_JOB && task->parent == current() && (request->options & WSTOPPED);

    if (task->stop.told || !(traced || job))
        return false;
    return found(request, task, task->stop.code << 8 | 0x7f, traced ? CLD_TRAPPED : CLD_STOPPED);
}

static bool has_continued(struct task *task, struct wait_request *request)
{
    if (!task->stop.continued || !(request->options & WCONTINUED))
        return false;
    return found(request, task, 0xffff, CLD_CONTINUED);
}

/* The condition of the wait: something to tell, or nobody who ever could. */
static bool find_child(void *context)
{
    struct wait_request *request = context;
    struct task *task;

    request->has_children = false;
    TAILQ_FOREACH (task, &all_tasks, all_link) {
        if (!is_wanted(task, request))
            continue;
        request->has_children = true;
        if (has_ended(task, request) || has_stopped(task, request) || has_continued(task, request))
            return true;
    }
    return !request->has_children;
}

/* What was told is not told again; a zombie is gone, once its parent has heard. */
static void consume(struct wait_request *request)
{
    struct task *task = request->found;

    if (request->options & WNOWAIT)
        return;
    if (request->code == CLD_CONTINUED) {
        task->stop.continued = false;
    } else if (request->code == CLD_TRAPPED || request->code == CLD_STOPPED) {
        task->stop.told = true;
    } else if (task->parent == current()) {
        TAILQ_REMOVE(&current()->children, task, sibling);
        usage_add(&current()->children_usage, &request->usage);
        task_free(task);
    } else {
        task->trace.tracer = NULL;
        wake_all(&task->parent->child_exit);
    }
}

/* The pid found; 0 when there is nothing yet and WNOHANG; or a negative errno. */
static long wait_for_child(struct wait_request *request)
{
    if (request->options & WNOHANG) {
        if (!find_child(request))
            return 0;
    } else {
        int error = wait_event(&current()->child_exit, find_child, request);
        if (error)
            return error;
    }
    if (!request->found)
        return -ECHILD;
    consume(request);
    return request->pid;
}

#define WAIT4_OPTIONS (WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WALL | (int)__WCLONE)

SYSCALL4(wait4, int, pid, uintptr_t, status, int, options, uintptr_t, usage)
{
    struct wait_request request = {.type = P_ALL, .options = options | WEXITED};

    if (options & ~WAIT4_OPTIONS)
        return -EINVAL;
    if (pid == INT32_MIN)
        return -ESRCH;
    if (pid > 0) {
        request.type = P_PID;
        request.id = pid;
    } else if (pid != -1) {
        request.type = P_PGID;
        request.id = pid == 0 ? current()->pgid : -pid;
    }
    long result = wait_for_child(&request);
    if (result > 0) {
        if (status && copy_to_user(status, &request.status, sizeof(request.status)))
            return -EFAULT;
        if (usage && usage_to_user(usage, &request.usage))
            return -EFAULT;
    }
    return result;
}

static int put_child_info(uintptr_t address, const struct wait_request *request)
{
    siginfo_t info = {0};

    if (request->found) {
        info.si_signo = SIGCHLD;
        info.si_code = request->code;
        info.si_pid = request->pid;
        info.si_status = request->code == CLD_EXITED      ? request->status >> 8 & 0xff
                         : request->code == CLD_CONTINUED ? SIGCONT
                         : request->code == CLD_STOPPED || request->code == CLD_TRAPPED
                             ? request->status >> 8
                             : request->status & 0x7f;
    }
    return address && copy_to_user(address, &info, sizeof(info)) ? -EFAULT : 0;
}

#define WAITID_OPTIONS \
    (WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | __WNOTHREAD | __WALL | (int)__WCLONE)

SYSCALL5(waitid, int, type, int, id, uintptr_t, info, int, options, uintptr_t, usage)
{
    struct wait_request request = {.type = type, .id = id, .options = options};

    if ((options & ~WAITID_OPTIONS) || !(options & (WEXITED | WSTOPPED | WCONTINUED)))
        return -EINVAL;
    if ((type == P_PID && id <= 0) || (type == P_PGID && id < 0) ||
        (type != P_ALL && type != P_PID && type != P_PGID))
        return -EINVAL;
    if (type == P_PGID && id == 0)
        request.id = current()->pgid;
    long result = wait_for_child(&request);
    if (result < 0)
        return result;
    if (put_child_info(info, &request) ||
        (result > 0 && usage && usage_to_user(usage, &request.usage)))
        return -EFAULT;
    return 0;
}
