// SPDX-License-Identifier: MIT
#include "kernel/usage/usage.h"

#include <asm/errno.h>
#include <linux/resource.h>
#include <linux/times.h>

#include "arch/device/clock.h"
#include "arch/mmu/usercopy.h"
#include "kernel/call/syscall.h"
#include "kernel/process/events.h"
#include "kernel/process/wait.h"
#include "kernel/task/sched.h"
#include "kernel/task/state.h"
#include "kernel/task/task.h"
#include "kernel/time/time.h"
#include "mm/space/address_space.h"

TASK_STATE(uint64_t, task_peak_pages);            /* of the address spaces that it had before */
PROCESS_STATE(struct usage, process_ended_usage); /* of its threads that have ended */
PROCESS_STATE(struct usage, process_children_usage);

const struct usage *usage_of_children(const struct process *process)
{
    return process_state(process, process_children_usage);
}

/* ---- sums ---- */

uint64_t task_cpu_ns(const struct task *task)
{
    int64_t clock, now;

    do { /* a turn that ends meanwhile ends before now */
        clock = __atomic_load_n(&task->cpu_clock, __ATOMIC_ACQUIRE);
        now = (int64_t)clock_monotonic_ns();
    } while (__atomic_load_n(&task->cpu_clock, __ATOMIC_RELAXED) != clock);
    return (uint64_t)(clock < 0 ? clock + now + 1 : clock);
}

static uint64_t peak_of(const struct task *task)
{
    const struct address_space *space = task->space;
    uint64_t peak = *task_state(task, task_peak_pages);

    if (space && space->peak_pages > peak)
        peak = space->peak_pages;
    if (space && space->resident_pages > peak) /* which fork() sets, without a peak */
        peak = space->resident_pages;
    return peak;
}

struct usage usage_of(const struct task *task)
{
    return (struct usage){task_cpu_ns(task), peak_of(task), task->faults};
}

/* Of memory the largest counts. */
static void usage_add(struct usage *sum, const struct usage *other)
{
    sum->cpu_ns += other->cpu_ns;
    sum->faults += other->faults;
    if (sum->peak_pages < other->peak_pages)
        sum->peak_pages = other->peak_pages;
}

struct usage usage_of_process(const struct process *process)
{
    struct usage sum = *process_state(process, process_ended_usage);
    const struct task *thread;

    TAILQ_FOREACH (thread, &process->threads, thread) {
        struct usage own = usage_of(thread);
        if (thread->state != TASK_ZOMBIE)
            usage_add(&sum, &own);
    }
    return sum;
}

uint64_t process_cpu_ns(const struct process *process)
{
    uint64_t ns = process_state(process, process_ended_usage)->cpu_ns;
    const struct task *thread;

    TAILQ_FOREACH (thread, &process->threads, thread)
        if (thread->state != TASK_ZOMBIE)
            ns += task_cpu_ns(thread);
    return ns;
}

/* ---- ends ---- */

static void remember_peak(void)
{
    *task_state(current(), task_peak_pages) = peak_of(current());
}

ATTACH(thread_leaves_space, remember_peak);

/* The running thread ends, which is no longer counted as one that runs. */
static void add_ended(struct process *process)
{
    struct usage used = usage_of(current());

    usage_add(process_state(process, process_ended_usage), &used);
}

ATTACH(thread_has_ended, add_ended);
ATTACH(process_ends, add_ended);

static struct usage usage_with_children(const struct process *process)
{
    struct usage sum = usage_of_process(process);

    usage_add(&sum, usage_of_children(process));
    return sum;
}

static void add_child(struct process *child)
{
    struct usage used = usage_with_children(child);

    usage_add(process_state(current_process(), process_children_usage), &used);
}

ATTACH(child_is_waited_for, add_child);

/* ---- calls ---- */

static int usage_to_user(uintptr_t address, const struct usage *usage)
{
    struct rusage out = {0};

    out.ru_utime.tv_sec = (long)(usage->cpu_ns / NS_PER_SECOND); /* the kernel's part, too */
    out.ru_utime.tv_usec = (long)(usage->cpu_ns % NS_PER_SECOND / 1000);
    out.ru_maxrss = (long)(usage->peak_pages << PAGE_SHIFT >> 10);
    out.ru_minflt = (long)usage->faults;
    return copy_to_user(address, &out, sizeof(out)) ? -EFAULT : 0;
}

static int tell_waiter(uintptr_t address, const struct task *task)
{
    struct usage used = usage_with_children(task->process);

    return usage_to_user(address, &used);
}

ATTACH(usage_is_asked_for, tell_waiter);

SYSCALL2(getrusage, int, who, uintptr_t, address)
{
    struct usage own =
        who == RUSAGE_THREAD ? usage_of(current()) : usage_of_process(current_process());

    switch (who) {
    case RUSAGE_SELF:
    case RUSAGE_THREAD:
        return usage_to_user(address, &own);
    case RUSAGE_CHILDREN:
        return usage_to_user(address, usage_of_children(current_process()));
    default:
        return -EINVAL;
    }
}

SYSCALL1(times, uintptr_t, address)
{
    struct tms times = {0};
    uint64_t now = clock_monotonic_ns();

    times.tms_utime = (long)(process_cpu_ns(current_process()) / CLOCK_TICK_NS);
    times.tms_cutime = (long)(usage_of_children(current_process())->cpu_ns / CLOCK_TICK_NS);
    if (address && copy_to_user(address, &times, sizeof(times)))
        return -EFAULT;
    return (long)(now / CLOCK_TICK_NS);
}
