// SPDX-License-Identifier: MIT
/* System calls on limits. What a limit limits is checked where it is used. */
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
    if (resource == RLIMIT_NOFILE && limit->rlim_max > nr_open)
        return -EPERM;
    if (limit->rlim_max > process->limits[resource].rlim_max && !task_may(CAP_SYS_RESOURCE))
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
    struct task *task = pid ? task_find(pid) : current();
    if (!task)
        return -ESRCH;
    if (!credentials_may_limit(task))
        return -EPERM;
    int error = get_limit(task->process, resource, &old);
    if (!error && new_limit)
        error = set_limit(task->process, resource, &limit);
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
