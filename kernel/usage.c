// SPDX-License-Identifier: MIT
#include "kernel/usage.h"

#include <asm/errno.h>
#include <linux/resource.h>

#include "arch/layout.h"
#include "arch/usercopy.h"
#include "kernel/sched.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "mm/address_space.h"

static uint64_t peak_of(const struct task *task)
{
    uint64_t peak = task->space ? space_peak_pages(task->space) : 0;

    return peak > task->peak_pages ? peak : task->peak_pages;
}

struct usage usage_of(const struct task *task)
{
    return (struct usage){sched_cpu_ns(task), peak_of(task), task->faults};
}

struct usage usage_of_process(const struct process *process)
{
    struct usage sum = process->ended_usage;
    const struct task *thread;

    TAILQ_FOREACH (thread, &process->threads, thread) {
        struct usage own = usage_of(thread);
        if (thread->state != TASK_ZOMBIE)
            usage_add(&sum, &own);
    }
    return sum;
}

void usage_add(struct usage *sum, const struct usage *child)
{
    sum->cpu_ns += child->cpu_ns;
    sum->faults += child->faults;
    if (sum->peak_pages < child->peak_pages)
        sum->peak_pages = child->peak_pages;
}

void usage_leave_space(struct task *task)
{
    task->peak_pages = peak_of(task);
}

int usage_to_user(uintptr_t address, const struct usage *usage)
{
    struct rusage out = {0};

    out.ru_utime.tv_sec = (long)(usage->cpu_ns / NS_PER_SECOND); /* the kernel's part, too */
    out.ru_utime.tv_usec = (long)(usage->cpu_ns % NS_PER_SECOND / 1000);
    out.ru_maxrss = (long)(usage->peak_pages << PAGE_SHIFT >> 10);
    out.ru_minflt = (long)usage->faults;
    return copy_to_user(address, &out, sizeof(out)) ? -EFAULT : 0;
}

SYSCALL2(getrusage, int, who, uintptr_t, address)
{
    struct usage own =
        who == RUSAGE_THREAD ? usage_of(current()) : usage_of_process(current_process());

    switch (who) {
    case RUSAGE_SELF:
    case RUSAGE_THREAD:
        return usage_to_user(address, &own);
    case RUSAGE_CHILDREN:
        return usage_to_user(address, &current_process()->children_usage);
    default:
        return -EINVAL;
    }
}
