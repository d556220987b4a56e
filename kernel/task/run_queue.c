// SPDX-License-Identifier: MIT
/*
 * Which CPU's queue a task goes into, and how it moves to another; and the idle tasks, with which
 * each queue starts.
 */
#include "kernel/task/run_queue.h"

#include <asm/errno.h>

#include "arch/cpu/cpu.h"
#include "arch/device/apic.h"
#include "arch/device/clock.h"
#include "kernel/task/state.h"
#include "mm/page/slab.h"

struct run_queue run_queues[CPU_MAX];

struct run_queue *sched_lock_queue_of(const struct task *task)
{
    for (;;) {
        unsigned int cpu = __atomic_load_n(&task->cpu, __ATOMIC_RELAXED);
        spin_lock(&run_queues[cpu].lock);
        if (task->cpu == cpu)
            return &run_queues[cpu];
        spin_unlock(&run_queues[cpu].lock);
    }
}

static bool is_idle(const struct run_queue *queue)
{
    return __atomic_load_n(&queue->running, __ATOMIC_RELAXED) == queue->idle && !queue->length;
}

bool sched_may_run_on(const struct task *task, unsigned int cpu)
{
    return run_queues[cpu].idle && cpu_set_has(&task->affinity, cpu);
}

/* Where a woken task runs: its last CPU if that is idle, else an idle CPU, else its last CPU. */
static unsigned int choose_cpu(const struct task *task)
{
    unsigned int last = task->cpu;

    if (sched_may_run_on(task, last) && (is_idle(&run_queues[last]) || cpu_count == 1))
        return last;
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
        if (sched_may_run_on(task, cpu) && is_idle(&run_queues[cpu]))
            return cpu;
    if (sched_may_run_on(task, last))
        return last;
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
        if (sched_may_run_on(task, cpu))
            return cpu;
    return last;
}

void sched_interrupt_cpu(unsigned int cpu)
{
    if (cpu != this_cpu()->number)
        ipi_send(cpu, VECTOR_RESCHEDULE);
}

void sched_place(struct run_queue *queue, struct task *task)
{
    unsigned int cpu = choose_cpu(task);

    if (cpu != task->cpu) {
        spin_unlock(&queue->lock);
        queue = &run_queues[cpu];
        spin_lock(&queue->lock);
        task->cpu = cpu;
    }
    sched_enqueue(queue, task);
    bool is_awaited = queue->running == queue->idle || task->is_urgent;
    if (task->is_urgent)
        task_set_work(queue->running, WORK_RESCHED);
    spin_unlock(&queue->lock);
    if (is_awaited)
        sched_interrupt_cpu(cpu);
}

static void make_runnable(struct task *task, enum task_state from)
{
    uint64_t flags = irq_save();
    struct run_queue *queue = sched_lock_queue_of(task);

    if (task->state != from) {
        spin_unlock(&queue->lock);
    } else {
        task->state = TASK_RUNNABLE;
        if (task->on_cpu) /* it has not gone to sleep yet, and now will not */
            spin_unlock(&queue->lock);
        else
            sched_place(queue, task);
    }
    irq_restore(flags);
}

void wake_task(struct task *task)
{
    make_runnable(task, TASK_WAITING);
}

void sched_continue(struct task *task)
{
    make_runnable(task, TASK_STOPPED);
}

void sched_notify(struct task *task)
{
    wake_task(task);
    if (__atomic_load_n(&task->on_cpu, __ATOMIC_RELAXED))
        sched_interrupt_cpu(task->cpu);
}

void sched_add(struct task *task)
{
    uint64_t flags = irq_save();

    task->cpu = this_cpu()->number;
    spin_lock(&this_queue()->lock);
    sched_place(this_queue(), task);
    irq_restore(flags);
}

bool sched_if_off_cpu(struct task *task, void (*change)(struct task *task), unsigned int *cpu)
{
    uint64_t flags = irq_save();
    struct run_queue *queue = sched_lock_queue_of(task);
    bool off = !task->on_cpu;

    if (off)
        change(task);
    *cpu = task->cpu;
    spin_unlock(&queue->lock);
    irq_restore(flags);
    return off;
}

/* ---- balance ---- */

/* The longest queue, if longer than length. A hint: no lock is held, so it may change at once. */
static struct run_queue *longest_queue(unsigned int length)
{
    struct run_queue *longest = NULL;

    for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
        unsigned int other = __atomic_load_n(&run_queues[cpu].length, __ATOMIC_RELAXED);
        if (other > length) {
            longest = &run_queues[cpu];
            length = other;
        }
    }
    return longest;
}

/* Takes out of a queue the task that has waited longest of those that may run on a CPU; or NULL. */
static struct task *take_from(struct run_queue *queue, unsigned int cpu)
{
    struct task *task;

    spin_lock(&queue->lock);
    TAILQ_FOREACH (task, &queue->tasks, run_link)
        if (sched_may_run_on(task, cpu))
            break;
    if (task) {
        sched_dequeue(queue, task);
        task->cpu = cpu;
    }
    spin_unlock(&queue->lock);
    return task;
}

void sched_balance(struct run_queue *queue, unsigned int load)
{
    struct run_queue *from = cpu_count > 1 ? longest_queue(load) : NULL;
    struct task *task = from && from != queue ? take_from(from, this_cpu()->number) : NULL;

    if (!task)
        return;
    spin_lock(&queue->lock);
    queue->counters.migrations++;
    sched_enqueue(queue, task);
    spin_unlock(&queue->lock);
}

/* ---- idle tasks ---- */

static struct task boot_idle_task __attribute__((section(".bss.boot_task")));

/* Interrupts are off from the look at the queue to HLT, so no wake-up in between is lost. */
static void idle_once(struct run_queue *queue)
{
    sched_balance(queue, 0);
    if (queue->length) {
        schedule();
        irq_disable();
    } else {
        cpu_wait_for_interrupt();
    }
}

static void queue_init(struct run_queue *queue, unsigned int cpu, struct task *idle)
{
    queue->lock = (struct spinlock)SPINLOCK_INIT("run queue");
    queue->sleep_lock = (struct spinlock)SPINLOCK_INIT("sleepers");
    TAILQ_INIT(&queue->tasks);
    TAILQ_INIT(&queue->sleepers);
    queue->next_wake = UINT64_MAX;
    *idle = (struct task){.name = "idle", .state = TASK_RUNNABLE, .on_cpu = true, .cpu = cpu};
    queue->idle = idle;
    queue->running = idle;
}

void sched_init(void)
{
    this_cpu()->current = &boot_idle_task;
    queue_init(&run_queues[0], 0, &boot_idle_task);
}

int sched_add_cpu(void)
{
    struct task *idle = kzalloc(sizeof(*idle) + (size_t)task_state_size);

    if (!idle)
        return -ENOMEM;
    queue_init(this_queue(), this_cpu()->number, idle);
    this_cpu()->current = idle;
    return 0;
}

void sched_start(void)
{
    struct run_queue *queue = this_queue();

    irq_disable();
    sched_turn_clock(queue->idle, -clock_monotonic_ns() - 1);
    for (;;)
        idle_once(queue);
}
