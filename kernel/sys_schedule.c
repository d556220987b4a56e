// SPDX-License-Identifier: MIT
/*
 * Policies and their priorities: kept and told as Linux does. The scheduler goes by none of them.
 */
#include <linux/sched.h>

#include "arch/usercopy.h"
#include "kernel/sched.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/time.h"

#define PRIORITY_MAX 99 /* of the real-time policies; the lowest is 1 */

static bool is_real_time(int policy)
{
    return policy == SCHED_FIFO || policy == SCHED_RR;
}

static bool is_policy(int policy)
{
    return is_real_time(policy) || policy == SCHED_NORMAL || policy == SCHED_BATCH ||
           policy == SCHED_IDLE;
}

static long task_of(int pid, struct task **task)
{
    if (pid < 0)
        return -EINVAL;
    *task = pid ? task_find(pid) : current();
    return *task ? 0 : -ESRCH;
}

/* struct sched_param is one int. */
static long set_policy(int pid, int policy, uintptr_t parameter)
{
    struct task *task;
    int priority;

    if (!parameter || pid < 0)
        return -EINVAL;
    if (copy_from_user(&priority, parameter, sizeof(priority)))
        return -EFAULT;
    long error = task_of(pid, &task);
    if (error)
        return error;
    if (policy < 0)
        policy = task->policy;
    if (!is_policy(policy & ~SCHED_RESET_ON_FORK))
        return -EINVAL;
    policy &= ~SCHED_RESET_ON_FORK;
    if (is_real_time(policy) ? priority < 1 || priority > PRIORITY_MAX : priority != 0)
        return -EINVAL;
    task->policy = policy;
    task->priority = priority;
    return 0;
}

SYSCALL3(sched_setscheduler, int, pid, int, policy, uintptr_t, parameter)
{
    return policy < 0 ? -EINVAL : set_policy(pid, policy, parameter);
}

SYSCALL2(sched_setparam, int, pid, uintptr_t, parameter)
{
    return set_policy(pid, -1, parameter);
}

SYSCALL1(sched_getscheduler, int, pid)
{
    struct task *task;
    long error = task_of(pid, &task);

    return error ? error : task->policy;
}

SYSCALL2(sched_getparam, int, pid, uintptr_t, parameter)
{
    struct task *task;
    long error = parameter ? task_of(pid, &task) : -EINVAL;

    if (error)
        return error;
    return copy_to_user(parameter, &task->priority, sizeof(int)) ? -EFAULT : 0;
}

PARALLEL_SYSCALL1(sched_get_priority_max, int, policy)
{
    if (is_real_time(policy))
        return PRIORITY_MAX;
    return is_policy(policy) || policy == SCHED_DEADLINE ? 0 : -EINVAL;
}

PARALLEL_SYSCALL1(sched_get_priority_min, int, policy)
{
    if (is_real_time(policy))
        return 1;
    return is_policy(policy) || policy == SCHED_DEADLINE ? 0 : -EINVAL;
}

SYSCALL2(sched_rr_get_interval, int, pid, uintptr_t, interval)
{
    struct task *task;
    long error = task_of(pid, &task);

    return error ? error : time_to_user(interval, TICK_NS);
}
