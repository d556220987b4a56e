// SPDX-License-Identifier: MIT
/*
 * Policies, their priorities and nice values: kept and told as Linux does. The scheduler goes by
 * none of them.
 */
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/sched/types.h>

#include "arch/mmu/usercopy.h"
#include "kernel/call/permission.h"
#include "kernel/call/syscall.h"
#include "kernel/call/user_struct.h"
#include "kernel/process/events.h"
#include "kernel/task/sched.h"
#include "kernel/task/task.h"
#include "kernel/time/time.h"
#include "kernel/user/credentials.h"
#include "kernel/user/priorities.h"

TASK_STATE(struct priorities, task_priorities);

#ifndef SCHED_EXT /* in headers before Linux 6.12 */
#define SCHED_EXT 7
#endif

#define NICE_MIN     -20
#define NICE_MAX     19
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

static int inherit(struct task *child, struct clone_request *request)
{
    struct priorities *own = priorities_of(child);

    (void)request;
    *own = *priorities_of(current());
    if (!own->reset_on_fork)
        return 0;
    own->reset_on_fork = false;
    if (own->nice < 0 || is_real_time(own->policy))
        own->nice = 0;
    if (is_real_time(own->policy))
        own->policy = SCHED_NORMAL;
    own->priority = 0;
    return 0;
}

ATTACH(thread_is_made, inherit);

static uint64_t limit_of(const struct task *task, int resource)
{
    return task->process->limits[resource].rlim_cur;
}

/* RLIMIT_NICE is 20 less the lowest value. */
static bool may_have_nice(const struct task *task, int nice)
{
    return (uint64_t)(20 - nice) <= limit_of(task, RLIMIT_NICE) || task_may(CAP_SYS_NICE);
}

static bool may_have(const struct task *task, const struct priorities *new)
{
    const struct priorities *old = priorities_of(task);
    uint64_t limit = limit_of(task, RLIMIT_RTPRIO);

    if (task_may(CAP_SYS_NICE))
        return true;
    if (!credentials_may_schedule(task) || (old->reset_on_fork && !new->reset_on_fork))
        return false;
    if (is_real_time(new->policy) &&
        ((new->policy != old->policy && !limit) ||
         (new->priority > old->priority && (uint64_t) new->priority > limit)))
        return false;
    if (!is_real_time(new->policy) && new->nice < old->nice && !may_have_nice(task, new->nice))
        return false;
    return old->policy != SCHED_IDLE || new->policy == SCHED_IDLE || may_have_nice(task, old->nice);
}

static long set_priorities(struct task *task, const struct priorities *new)
{
    if (!is_policy(new->policy))
        return -EINVAL;
    if (is_real_time(new->policy) ? new->priority < 1 || new->priority > PRIORITY_MAX
                                  : new->priority)
        return -EINVAL;
    if (!may_have(task, new))
        return -EPERM;
    *priorities_of(task) = *new;
    return 0;
}

/* struct sched_param is one int. A policy of -1 is the one that the thread has. */
static long set_policy(int pid, int policy, uintptr_t parameter)
{
    struct priorities new;
    struct task *task;

    if (!parameter || pid < 0)
        return -EINVAL;
    if (copy_from_user(&new.priority, parameter, sizeof(new.priority)))
        return -EFAULT;
    long error = task_of(pid, &task);
    if (error)
        return error;
    new.nice = priorities_of(task)->nice;
    new.policy = policy < 0 ? priorities_of(task)->policy : policy & ~SCHED_RESET_ON_FORK;
    new.reset_on_fork =
        policy < 0 ? priorities_of(task)->reset_on_fork : policy &SCHED_RESET_ON_FORK;
    return set_priorities(task, &new);
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

    if (error)
        return error;
    return priorities_of(task)->policy |
           (priorities_of(task)->reset_on_fork ? SCHED_RESET_ON_FORK : 0);
}

SYSCALL2(sched_getparam, int, pid, uintptr_t, parameter)
{
    struct task *task;
    long error = parameter ? task_of(pid, &task) : -EINVAL;

    if (error)
        return error;
    return put_user_int(parameter, priorities_of(task)->priority);
}

/* ---- all of it in one structure ---- */

SYSCALL4(sched_getattr, int, pid, uintptr_t, address, unsigned int, size, unsigned int, flags)
{
    struct sched_attr attributes = {.size = sizeof(attributes)};
    struct task *task;

    if (!address || size < SCHED_ATTR_SIZE_VER0 || size > PAGE_SIZE || flags)
        return -EINVAL;
    long error = task_of(pid, &task);
    if (error)
        return error;
    if (size < sizeof(attributes))
        attributes.size = size;
    attributes.sched_policy = (uint32_t)priorities_of(task)->policy;
    attributes.sched_flags = priorities_of(task)->reset_on_fork ? SCHED_FLAG_RESET_ON_FORK : 0;
    if (is_real_time(priorities_of(task)->policy))
        attributes.sched_priority = (uint32_t)priorities_of(task)->priority;
    else
        attributes.sched_nice = priorities_of(task)->nice;
    return copy_to_user(address, &attributes, attributes.size) ? -EFAULT : 0;
}

/* -E2BIG tells how large the structure is that is known here. */
static long read_attributes(struct sched_attr *attributes, uintptr_t address)
{
    const uint32_t known = sizeof(*attributes);
    uint32_t size;
    long error = -E2BIG;

    if (copy_from_user(&size, address, sizeof(size)))
        return -EFAULT;
    if (!size)
        size = SCHED_ATTR_SIZE_VER0;
    if (size >= SCHED_ATTR_SIZE_VER0)
        error = user_struct_read(attributes, known, SCHED_ATTR_SIZE_VER0, address, size);
    if (error == -E2BIG && copy_to_user(address, &known, sizeof(known)))
        error = -EFAULT;
    return error;
}

static int clamp_nice(int nice)
{
    return nice < NICE_MIN ? NICE_MIN : nice > NICE_MAX ? NICE_MAX : nice;
}

/* Nobody is scheduled by deadlines, nor by how busy a CPU is. */
SYSCALL3(sched_setattr, int, pid, uintptr_t, address, unsigned int, flags)
{
    struct sched_attr attributes;
    struct task *task;

    if (!address || pid < 0 || flags)
        return -EINVAL;
    long error = read_attributes(&attributes, address);
    if (!error && (int)attributes.sched_policy < 0)
        error = -EINVAL;
    if (!error)
        error = task_of(pid, &task);
    if (error)
        return error;
    if (attributes.sched_flags & ~(uint64_t)SCHED_FLAG_ALL)
        return -EINVAL;
    if (attributes.sched_flags & SCHED_FLAG_UTIL_CLAMP)
        return -EOPNOTSUPP;
    struct priorities new = *priorities_of(task);
    new.reset_on_fork = attributes.sched_flags &SCHED_FLAG_RESET_ON_FORK;
    if (!(attributes.sched_flags & SCHED_FLAG_KEEP_POLICY))
        new.policy = (int)attributes.sched_policy;
    if (!(attributes.sched_flags & SCHED_FLAG_KEEP_PARAMS)) {
        new.priority = (int)attributes.sched_priority;
        if (!is_real_time(new.policy))
            new.nice = clamp_nice(attributes.sched_nice);
    }
    return set_priorities(task, &new);
}

/* ---- what there is ---- */

PARALLEL_SYSCALL1(sched_get_priority_max, int, policy)
{
    if (is_real_time(policy))
        return PRIORITY_MAX;
    return is_policy(policy) || policy == SCHED_DEADLINE || policy == SCHED_EXT ? 0 : -EINVAL;
}

PARALLEL_SYSCALL1(sched_get_priority_min, int, policy)
{
    if (is_real_time(policy))
        return 1;
    return is_policy(policy) || policy == SCHED_DEADLINE || policy == SCHED_EXT ? 0 : -EINVAL;
}

SYSCALL2(sched_rr_get_interval, int, pid, uintptr_t, interval)
{
    struct task *task;
    long error = task_of(pid, &task);

    return error ? error : time_to_user(interval, TICK_NS);
}

/* ---- nice values ---- */

/* Whether a call on one thread, one group or one user means this thread. */
static bool is_meant(const struct task *task, int which, int who)
{
    const uint32_t own_user = credentials_of(current())->user.real;

    if (!task->process)
        return false;
    if (which == PRIO_PROCESS)
        return task->tid == (who ? who : current()->tid);
    if (which == PRIO_PGRP)
        return task->process->pgid == (who ? who : current_process()->pgid);
    return credentials_of(task)->user.real == (who ? (uint32_t)who : own_user);
}

/* Between 1 and 40, and the highest comes first: the call knows no negative answer. */
SYSCALL2(getpriority, int, which, int, who)
{
    const struct task *task;
    int highest = -ESRCH;

    if (which < PRIO_PROCESS || which > PRIO_USER)
        return -EINVAL;
    TAILQ_FOREACH (task, &all_tasks, all_link)
        if (is_meant(task, which, who) && 20 - priorities_of(task)->nice > highest)
            highest = 20 - priorities_of(task)->nice;
    return highest;
}

static long set_nice(struct task *task, int nice)
{
    if (!task_may(CAP_SYS_NICE) && !credentials_match_user(task))
        return -EPERM;
    if (nice < priorities_of(task)->nice && !may_have_nice(task, nice))
        return -EACCES;
    if (!credentials_may_schedule(task))
        return -EPERM;
    priorities_of(task)->nice = nice;
    return 0;
}

/* The last failure counts, whatever succeeded. */
SYSCALL3(setpriority, int, which, int, who, int, nice)
{
    struct task *task;
    long result = -ESRCH;

    if (which < PRIO_PROCESS || which > PRIO_USER)
        return -EINVAL;
    nice = nice < NICE_MIN ? NICE_MIN : nice > NICE_MAX ? NICE_MAX : nice;
    TAILQ_FOREACH (task, &all_tasks, all_link) {
        if (!is_meant(task, which, who))
            continue;
        long error = set_nice(task, nice);
        if (error || result == -ESRCH)
            result = error;
    }
    return result;
}
