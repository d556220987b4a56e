// SPDX-License-Identifier: MIT
/* Each CPU's timer: its ticks, and the tasks that sleep until some time. */
#include "kernel/task/run_queue.h"

#include "arch/device/clock.h"

/* Arms this CPU's timer for the next tick, or for the sleeper that is due before it. */
static void arm_timer(struct run_queue *queue, uint64_t now)
{
    uint64_t due = queue->tick_at ? queue->tick_at : UINT64_MAX;
    uint64_t next_wake = __atomic_load_n(&queue->next_wake, __ATOMIC_RELAXED);

    if (next_wake < due)
        due = next_wake;
    if (due != UINT64_MAX)
        clock_interrupt_after(due > now ? due - now : 0);
}

void sched_start_ticks(struct run_queue *queue, uint64_t now)
{
    queue->tick_at = now + TICK_NS;
    arm_timer(queue, now);
}

static void note_first_sleeper(struct run_queue *queue)
{
    struct task *first = TAILQ_FIRST(&queue->sleepers);

    __atomic_store_n(&queue->next_wake, first ? first->wake_at : UINT64_MAX, __ATOMIC_RELAXED);
}

void sched_add_sleeper(struct task *task, uint64_t deadline)
{
    struct run_queue *queue = this_queue();
    struct task *other;

    spin_lock(&queue->sleep_lock);
    task->wake_at = deadline;
    task->sleep_cpu = this_cpu()->number;
    TAILQ_FOREACH (other, &queue->sleepers, timer_link)
        if (other->wake_at > deadline)
            break;
    if (other)
        TAILQ_INSERT_BEFORE(other, task, timer_link);
    else
        TAILQ_INSERT_TAIL(&queue->sleepers, task, timer_link);
    note_first_sleeper(queue);
    if (queue->next_wake == deadline && (!queue->tick_at || deadline < queue->tick_at))
        arm_timer(queue, clock_monotonic_ns());
    spin_unlock(&queue->sleep_lock);
}

void sched_remove_sleeper(struct task *task)
{
    struct run_queue *queue = &run_queues[task->sleep_cpu];

    spin_lock(&queue->sleep_lock);
    if (task->wake_at)
        TAILQ_REMOVE(&queue->sleepers, task, timer_link);
    task->wake_at = 0;
    note_first_sleeper(queue);
    spin_unlock(&queue->sleep_lock);
}

static void wake_sleepers(struct run_queue *queue, uint64_t now)
{
    struct task *task;

    spin_lock(&queue->sleep_lock);
    while ((task = TAILQ_FIRST(&queue->sleepers)) && task->wake_at <= now) {
        TAILQ_REMOVE(&queue->sleepers, task, timer_link);
        task->wake_at = 0;
        wake_task(task);
    }
    note_first_sleeper(queue);
    spin_unlock(&queue->sleep_lock);
}

void sched_tick(void)
{
    struct run_queue *queue = this_queue();
    uint64_t now = clock_monotonic_ns();

    wake_sleepers(queue, now);
    if (queue->tick_at && now >= queue->tick_at) {
        queue->counters.ticks++;
        sched_balance(queue, queue->length + 1); /* it helps if the other has two more */
        queue->tick_at = current() == queue->idle ? 0 : now + TICK_NS;
        task_set_work(current(), WORK_RESCHED);
    }
    arm_timer(queue, now);
}
