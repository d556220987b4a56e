// SPDX-License-Identifier: MIT
#include "kernel/task/wait_queue.h"

#include <asm/errno.h>

#include "arch/cpu/bug.h"
#include "arch/device/clock.h"
#include "kernel/task/sched.h"
#include "kernel/task/task.h"

struct wait {
    struct wait_queue *queue;
    bool (*condition)(void *context);
    void *context;
    uint64_t deadline; /* 0: none */
    bool interruptible;
};

void wait_queue_init(struct wait_queue *queue)
{
    *queue = (struct wait_queue)WAIT_QUEUE_INIT(*queue);
}

/* From here on a wake-up counts, even before the task has gone to sleep. */
static void enter(struct wait_queue *queue)
{
    struct task *task = current();

    if (queue) {
        uint64_t flags = spin_lock_irqsave(&queue->lock);
        TAILQ_INSERT_TAIL(&queue->tasks, task, wait_link);
        task->waiting = queue;
        spin_unlock_irqrestore(&queue->lock, flags);
    }
    sched_set_state(TASK_WAITING);
}

static void remove(struct wait_queue *queue, struct task *task)
{
    TAILQ_REMOVE(&queue->tasks, task, wait_link);
    task->waiting = NULL;
}

/* Takes the queue's lock even if already woken: only then is the waker done with the queue. */
static void leave(struct wait_queue *queue)
{
    struct task *task = current();

    sched_set_state(TASK_RUNNABLE);
    if (queue) {
        uint64_t flags = spin_lock_irqsave(&queue->lock);
        if (task->waiting)
            remove(queue, task);
        spin_unlock_irqrestore(&queue->lock, flags);
    }
}

void wake_all_waiting(struct wait_queue *queue)
{
    uint64_t flags = spin_lock_irqsave(&queue->lock);
    struct task *task;

    while ((task = TAILQ_FIRST(&queue->tasks))) {
        wake_task(task);
        remove(queue, task);
    }
    spin_unlock_irqrestore(&queue->lock, flags);
}

#define GOES_ON 1

/* How the wait is over, or that it goes on. */
static int outcome(const struct wait *wait)
{
    if (wait->condition && wait->condition(wait->context))
        return 0;
    if (wait->deadline && clock_monotonic_ns() >= wait->deadline)
        return -ETIMEDOUT;
    return wait->interruptible && signal_pending() ? -ERESTARTSYS : GOES_ON;
}

/* The first test comes after entering the queue: most callers have just tested outside it. */
static int wait_for(const struct wait *wait)
{
    int result;

    do {
        enter(wait->queue);
        result = outcome(wait);
        if (result == GOES_ON)
            sched_sleep(wait->deadline);
        leave(wait->queue);
        if (result == GOES_ON)
            result = outcome(wait);
    } while (result == GOES_ON);
    return result;
}

int wait_event_until(struct wait_queue *queue, bool (*condition)(void *context), void *context,
                     uint64_t deadline)
{
    return wait_for(&(struct wait){queue, condition, context, deadline, true});
}

void wait_event_uninterruptible(struct wait_queue *queue, bool (*condition)(void *context),
                                void *context)
{
    wait_for(&(struct wait){queue, condition, context, 0, false});
}

/* ---- mutexes: unlocking wakes all waiters, and the first to run gets the mutex ---- */

void mutex_init(struct mutex *mutex)
{
    mutex->held = 0;
    wait_queue_init(&mutex->waiters);
}

static bool try_lock(void *context)
{
    struct mutex *mutex = context;

    return !__atomic_exchange_n(&mutex->held, 1, __ATOMIC_ACQUIRE);
}

void mutex_lock(struct mutex *mutex)
{
    if (!try_lock(mutex))
        wait_event_uninterruptible(&mutex->waiters, try_lock, mutex);
}

void mutex_unlock(struct mutex *mutex)
{
    assert(mutex->held);
    __atomic_store_n(&mutex->held, 0, __ATOMIC_RELEASE);
    wake_all(&mutex->waiters);
}
