// SPDX-License-Identifier: MIT
/* System calls on limits and priorities. What a limit limits is checked where it is used. */
#include <linux/resource.h>

#include "arch/usercopy.h"
#include "kernel/file.h"
#include "kernel/syscall.h"
#include "kernel/task.h"

/* ---- limits ---- */

static int get_limit(const struct process *process, unsigned int resource, struct rlimit64 *limit)
{
    if (resource >= RLIM_NLIMITS)
        return -EINVAL;
    *limit = process->limits[resource];
    return 0;
}

static int set_limit(struct process *process, unsigned int resource, const struct rlimit64 *limit)
{
    if (limit->rlim_cur > limit->rlim_max)
        return -EINVAL;
    if (resource == RLIMIT_NOFILE && limit->rlim_max > FILES_MAX)
        return -EPERM;
    process->limits[resource] = *limit;
    process_apply_limits(process);
    return 0;
}

SYSCALL4(prlimit64, int, pid, unsigned int, resource, uintptr_t, new_limit, uintptr_t, old_limit)
{
    struct rlimit64 old, limit;

    if (new_limit && copy_from_user(&limit, new_limit, sizeof(limit)))
        return -EFAULT;
    struct process *process = pid ? process_find(pid) : current_process();
    if (!process)
        return -ESRCH;
    int error = get_limit(process, resource, &old);
    if (!error && new_limit)
        error = set_limit(process, resource, &limit);
    if (!error && old_limit && copy_to_user(old_limit, &old, sizeof(old)))
        error = -EFAULT;
    return error;
}

SYSCALL2(getrlimit, unsigned int, resource, uintptr_t, address)
{
    struct rlimit64 limit; /* the same as struct rlimit in a 64-bit program */
    int error = get_limit(current_process(), resource, &limit);

    if (!error && copy_to_user(address, &limit, sizeof(limit)))
        error = -EFAULT;
    return error;
}

SYSCALL2(setrlimit, unsigned int, resource, uintptr_t, address)
{
    struct rlimit64 limit;

    if (copy_from_user(&limit, address, sizeof(limit)))
        return -EFAULT;
    if (resource >= RLIM_NLIMITS)
        return -EINVAL;
    return set_limit(current_process(), resource, &limit);
}

/* ---- priorities: kept, and told, and not obeyed ---- */

#define NICE_MIN -20
#define NICE_MAX 19

/* Whether a call on one process, one group or one user means this process. */
static bool is_meant(const struct process *process, int which, int who)
{
    const uint32_t own_user = current()->credentials.user.real;

    if (process->is_zombie)
        return false;
    if (which == PRIO_PROCESS)
        return process->pid == (who ? who : current_process()->pid);
    if (which == PRIO_PGRP)
        return process->pgid == (who ? who : current_process()->pgid);
    return process->leader->credentials.user.real == (who ? (uint32_t)who : own_user);
}

/* Between 1 and 40, and the highest comes first: the call knows no negative answer. */
SYSCALL2(getpriority, int, which, int, who)
{
    const struct process *process;
    int highest = -ESRCH;

    if (which < PRIO_PROCESS || which > PRIO_USER)
        return -EINVAL;
    TAILQ_FOREACH (process, &all_processes, all_link)
        if (is_meant(process, which, who) && 20 - process->control.nice > highest)
            highest = 20 - process->control.nice;
    return highest;
}

SYSCALL3(setpriority, int, which, int, who, int, nice)
{
    struct process *process;
    int result = -ESRCH;

    if (which < PRIO_PROCESS || which > PRIO_USER)
        return -EINVAL;
    nice = nice < NICE_MIN ? NICE_MIN : nice > NICE_MAX ? NICE_MAX : nice;
    TAILQ_FOREACH (process, &all_processes, all_link) {
        if (!is_meant(process, which, who))
            continue;
        process->control.nice = nice;
        result = 0;
    }
    return result;
}
