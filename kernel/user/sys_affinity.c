// SPDX-License-Identifier: MIT
/* Where a task may run, and where it does. */
#include "arch/cpu/cpu.h"
#include "arch/cpu/types.h"
#include "arch/device/clock.h"
#include "arch/mmu/usercopy.h"
#include "kernel/call/syscall.h"
#include "kernel/signal/signal.h"
#include "kernel/task/run_queue.h"
#include "kernel/task/task.h"
#include "kernel/user/credentials.h"

/* Bytes of a mask of all CPUs, in whole words as Linux has it. */
static size_t affinity_size(void)
{
    return align_up(cpu_count, CPU_SET_WORD_BITS) / 8;
}

SYSCALL3(sched_getaffinity, int, pid, size_t, size, uintptr_t, address)
{
    struct task *task = pid ? task_find(pid) : current();
    struct cpu_set cpus = {{0}};

    if (size < affinity_size() || size % sizeof(cpus.words[0]))
        return -EINVAL;
    if (!task)
        return -ESRCH;
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
        if (cpu_set_has(&task->affinity, cpu))
            cpu_set_add(&cpus, cpu);
    return copy_to_user(address, &cpus, affinity_size()) ? -EFAULT : (long)affinity_size();
}

static bool is_queued(const struct run_queue *queue, const struct task *task)
{
    const struct task *other;

    TAILQ_FOREACH (other, &queue->tasks, run_link)
        if (other == task)
            return true;
    return false;
}

/* The queue of a task's CPU, locked, once nobody is putting the task into one. */
static struct run_queue *lock_settled_queue_of(const struct task *task)
{
    struct run_queue *queue = sched_lock_queue_of(task);

    while (task->state == TASK_RUNNABLE && !task->on_cpu && !is_queued(queue, task)) {
        spin_unlock(&queue->lock);
        cpu_relax();
        queue = sched_lock_queue_of(task);
    }
    return queue;
}

/* A task that runs where it may not moves at its next way out of the kernel. */
static void set_affinity(struct task *task, const struct cpu_set *cpus)
{
    uint64_t flags = irq_save();
    struct run_queue *queue = lock_settled_queue_of(task);

    task->affinity = *cpus;
    bool must_move = !sched_may_run_on(task, task->cpu);
    if (must_move && is_queued(queue, task)) {
        sched_dequeue(queue, task);
        sched_place(queue, task);
    } else {
        if (must_move && task->on_cpu)
            task_set_work(task, WORK_SIGNAL | WORK_MOVE);
        spin_unlock(&queue->lock);
        sched_interrupt_cpu(task->cpu);
    }
    irq_restore(flags);
}

/* It sleeps for no time: who wakes it chooses a CPU where it may run. */
static int leave_forbidden_cpu(void)
{
    if (sched_may_run_on(current(), this_cpu()->number))
        return 0;
    sched_set_state(TASK_WAITING);
    sched_sleep(clock_monotonic_ns());
    return 1;
}

ATTACH(stop_is_due, leave_forbidden_cpu);

SYSCALL3(sched_setaffinity, int, pid, size_t, size, uintptr_t, address)
{
    struct task *task = pid ? task_find(pid) : current();
    struct cpu_set cpus = {{0}};

    if (copy_from_user(&cpus, address, size < sizeof(cpus) ? size : sizeof(cpus)))
        return -EFAULT;
    if (!task)
        return -ESRCH;
    if (!credentials_may_schedule(task))
        return -EPERM;
    if (cpu_set_next(&cpus, 0) >= cpu_count)
        return -EINVAL;
    set_affinity(task, &cpus);
    return 0;
}

PARALLEL_SYSCALL3(getcpu, uintptr_t, cpu, uintptr_t, node, uintptr_t, unused)
{
    unsigned int number = this_cpu()->number, zero = 0;

    (void)unused;
    if ((cpu && copy_to_user(cpu, &number, sizeof(number))) ||
        (node && copy_to_user(node, &zero, sizeof(zero))))
        return -EFAULT;
    return 0;
}
