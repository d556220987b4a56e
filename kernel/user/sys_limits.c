// SPDX-License-Identifier: MIT
/*
 * Limits: what processes begin with, and the calls on them. What a limit limits is checked where it
 * is used.
 */
#include <linux/resource.h>

#include "arch/mmu/usercopy.h"
#include "kernel/call/permission.h"
#include "kernel/call/syscall.h"
#include "kernel/file/file.h"
#include "kernel/process/events.h"
#include "kernel/start/events.h"
#include "kernel/task/task.h"
#include "kernel/user/credentials.h"
#include "mm/page/page.h"
#include "mm/space/mmap.h"

/* ---- RLIMIT_AS and RLIMIT_DATA ---- */

static uint64_t data_of(struct address_space *space)
{
    struct vma *vma;
    uint64_t sum = 0;

    RB_FOREACH (vma, vma_tree, &space->vmas)
        if (vma_is_data(vma->prot, vma->flags))
            sum += vma->end - vma->start;
    return sum;
}

/* A space that is being made for a program is not the running thread's yet, and has no limit. */
static int check_growth(struct address_space *space, uint64_t bytes, uint64_t data)
{
    if (space != current()->space)
        return 0;
    const struct rlimit64 *limits = current_process()->limits;
    uint64_t size_limit = limits[RLIMIT_AS].rlim_cur;
    uint64_t data_limit = limits[RLIMIT_DATA].rlim_cur;
    if (bytes && (space->mapped_pages << PAGE_SHIFT) + bytes > size_limit)
        return -ENOMEM;
    if (data && data_limit != RLIM64_INFINITY && data_of(space) + data > data_limit)
        return -ENOMEM;
    return 0;
}

ATTACH(space_grows, check_growth);

/* A space that ever had a limit is asked about from then on, and those that follow from it. */
static void start_asking(struct address_space *space)
{
    space_lock_write(space);
    space->rules |= RULES_ON_SIZE;
    space_unlock_write(space);
}

static void inherit(struct address_space *space, const struct address_space *old, bool is_copy)
{
    (void)is_copy;
    if (old)
        space->rules |= old->rules & RULES_ON_SIZE;
}

ATTACH(space_is_made, inherit);

/* ---- what processes begin with ---- */

/* The first program's, which all others have from it. */
static void set_first_limits(struct process *process)
{
    uint64_t most = page_count_total() / 64; /* threads whose stacks fill 1/16: Linux's measure */
    struct rlimit64 *limits = process->limits;

    limits[RLIMIT_MEMLOCK] = (struct rlimit64){LOCK_LIMIT_DEFAULT, LOCK_LIMIT_DEFAULT};
    limits[RLIMIT_NPROC] = limits[RLIMIT_SIGPENDING] = (struct rlimit64){most, most};
    limits[RLIMIT_STACK].rlim_cur = STACK_LIMIT_DEFAULT;
    limits[RLIMIT_CORE].rlim_cur = 0;
    limits[RLIMIT_NICE] = limits[RLIMIT_RTPRIO] = (struct rlimit64){0, 0};
}

ATTACH(first_program_is_made, set_first_limits);

/* The address space of a thread is told how far its stack may grow. */
static void apply_stack_limit(struct task *thread)
{
    if (thread->space)
        thread->space->stack_limit = thread->process->limits[RLIMIT_STACK].rlim_cur;
}

static void apply_at_exec(struct task *task, const struct exec_facts *facts)
{
    (void)facts;
    apply_stack_limit(task);
}

ATTACH(exec_commits, apply_at_exec);

/* ---- the calls ---- */

static int get_limit(const struct process *process, unsigned int resource, struct rlimit64 *limit)
{
    if (resource >= RLIM_NLIMITS)
        return -EINVAL;
    *limit = process->limits[resource];
    return 0;
}

static int set_limit(struct process *process, unsigned int resource, const struct rlimit64 *limit)
{
    struct task *thread;

    if (limit->rlim_cur > limit->rlim_max)
        return -EINVAL;
    if (resource == RLIMIT_NOFILE && limit->rlim_max > nr_open)
        return -EPERM;
    if (limit->rlim_max > process->limits[resource].rlim_max && !task_may(CAP_SYS_RESOURCE))
        return -EPERM;
    process->limits[resource] = *limit;
    TAILQ_FOREACH (thread, &process->threads, thread)
        apply_stack_limit(thread);
    if ((resource == RLIMIT_AS || resource == RLIMIT_DATA) && process->leader->space)
        start_asking(process->leader->space);
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
