// SPDX-License-Identifier: MIT
/* wait4 and waitid: ends, stops and continuations of children and tracees. */
#include <stddef.h>

#include <asm/fcntl.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "arch/usercopy.h"
#include "kernel/pidfd.h"
#include "kernel/syscall.h"
#include "kernel/task.h"

struct wait_request {
    int type; /* P_ALL, P_PID, P_PGID */
    int id;
    int options;     /* WEXITED, WSTOPPED, WCONTINUED, WNOHANG, WNOWAIT */
    bool is_refused; /* by its pidfd: that there is nothing yet is -EAGAIN */
    bool has_children;
    struct task *found;
    int status; /* as wait(2) has it */
    int code;   /* CLD_* */
    int pid;
    uint32_t user;
    struct usage usage; /* of an ended child and those that it waited for */
};

/* A child process is looked at by its leader. */
static bool is_child(const struct task *task)
{
    const struct process *process = task->process;

    return process && task == process->leader && process->parent == current_process();
}

static bool is_wanted(const struct task *task, const struct wait_request *request)
{
    if (!is_child(task) && task->trace.tracer != current_process())
        return false;
    /* A tracer hears of all; a parent of those that tell it otherwise only if it asks. */
    if (task->trace.tracer != current_process() && !(request->options & __WALL) &&
        (task->process->exit_signal != SIGCHLD) != !!(request->options & (int)__WCLONE))
        return false;
    if (request->type == P_ALL)
        return true;
    return (request->type == P_PID ? task->tid : task->process->pgid) == request->id;
}

static bool found(struct wait_request *request, struct task *task, int status, int code)
{
    request->found = task;
    request->status = status;
    request->code = code;
    request->pid = task->tid;
    request->user = task->credentials.user.real;
    request->usage = usage_of_process(task->process);
    usage_add(&request->usage, &task->process->children_usage);
    return true;
}

/*
 * A process has ended when all its threads have, a traced thread by itself. One with a tracer that
 * is not its parent is the tracer's to wait for first.
 */
static bool has_ended(struct task *task, struct wait_request *request)
{
    bool is_leader = task == task->process->leader;
    int status = is_leader || task->process->is_exiting ? task->process->wait_status
                                                        : task->trace.end_status;

    if (!(request->options & WEXITED) ||
        !(is_leader ? task->process->is_zombie : task->state == TASK_ZOMBIE) ||
        (task->trace.tracer && task->trace.tracer != current_process()))
        return false;
    return found(request, task, status,
                 !(status & 0x7f)  ? CLD_EXITED
                 : (status & 0x80) ? CLD_DUMPED
                                   : CLD_KILLED);
}

static bool has_stopped(struct task *task, struct wait_request *request)
{
    const struct job_stop *job = &task->process->job;

    if (task->stop.kind == STOP_TRACE && task->trace.tracer == current_process() &&
        !task->stop.told)
        return found(request, task, task->stop.code << 8 | 0x7f, CLD_TRAPPED);
    if (job->is_complete && !job->told && is_child(task) && !task->trace.tracer &&
        (request->options & WSTOPPED))
        return found(request, task, job->signal << 8 | 0x7f, CLD_STOPPED);
    return false;
}

static bool has_continued(struct task *task, struct wait_request *request)
{
    if (!task->process->job.continued || !(request->options & WCONTINUED) || !is_child(task))
        return false;
    return found(request, task, 0xffff, CLD_CONTINUED);
}

/* An ended one of which the caller does not want to hear has nothing to tell any more. */
static bool may_tell(const struct task *task)
{
    return !task->process->is_zombie ||
           (task->trace.tracer && task->trace.tracer != current_process());
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
        request->has_children |= may_tell(task);
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
        task->process->job.continued = false;
    } else if (request->code == CLD_TRAPPED) {
        task->stop.told = true;
    } else if (request->code == CLD_STOPPED) {
        task->process->job.told = true;
    } else if (is_child(task)) {
        TAILQ_REMOVE(&current_process()->children, task->process, sibling);
        usage_add(&current_process()->children_usage, &request->usage);
        process_free(task->process);
    } else {
        process_end_trace(task);
    }
}

/* The pid found; 0 when there is nothing yet and WNOHANG; or a negative errno. */
static long wait_for_child(struct wait_request *request)
{
    if (request->options & WNOHANG) {
        if (!find_child(request))
            return request->is_refused ? -EAGAIN : 0;
    } else {
        int error = wait_event(&current_process()->child_exit, find_child, request);
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
        request.id = pid == 0 ? current_process()->pgid : -pid;
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

#define INFO_SIZE (offsetof(siginfo_t, si_status) + sizeof(int)) /* the rest is left as it was */

/* Of zeros when there is nobody to tell of, or an error. */
static int put_child_info(uintptr_t address, const struct wait_request *request)
{
    siginfo_t info = {0};

    if (request->found) {
        info.si_signo = SIGCHLD;
        info.si_code = request->code;
        info.si_pid = request->pid;
        info.si_uid = request->user;
        info.si_status = request->code == CLD_EXITED      ? request->status >> 8 & 0xff
                         : request->code == CLD_CONTINUED ? SIGCONT
                         : request->code == CLD_STOPPED || request->code == CLD_TRAPPED
                             ? request->status >> 8
                             : request->status & 0x7f;
    }
    return address && copy_to_user(address, &info, INFO_SIZE) ? -EFAULT : 0;
}

#define WAITID_OPTIONS \
    (WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | __WNOTHREAD | __WALL | (int)__WCLONE)

/* One that has been waited for already has no number: nobody is wanted. */
static int choose_by_pidfd(struct wait_request *request)
{
    struct process *process;
    unsigned int flags;
    int error = pidfd_get(request->id, &process, &flags);

    if (error)
        return error;
    request->type = P_PID;
    request->id = process ? process->pid : 0;
    if ((flags & O_NONBLOCK) && !(request->options & WNOHANG)) {
        request->options |= WNOHANG;
        request->is_refused = true;
    }
    return 0;
}

static int check_waitid(struct wait_request *request)
{
    if ((request->options & ~WAITID_OPTIONS) ||
        !(request->options & (WEXITED | WSTOPPED | WCONTINUED)))
        return -EINVAL;
    if (request->type == P_PIDFD && request->id >= 0)
        return choose_by_pidfd(request);
    if ((request->type == P_PID && request->id <= 0) ||
        (request->type == P_PGID && request->id < 0) ||
        (request->type != P_ALL && request->type != P_PID && request->type != P_PGID))
        return -EINVAL;
    if (request->type == P_PGID && request->id == 0)
        request->id = current_process()->pgid;
    return 0;
}

SYSCALL5(waitid, int, type, int, id, uintptr_t, info, int, options, uintptr_t, usage)
{
    struct wait_request request = {.type = type, .id = id, .options = options};
    long result = check_waitid(&request);

    if (!result)
        result = wait_for_child(&request);
    if (result > 0 && usage && usage_to_user(usage, &request.usage))
        return -EFAULT;
    if (put_child_info(info, &request))
        return -EFAULT;
    return result < 0 ? result : 0;
}
