// SPDX-License-Identifier: MIT
/*
 * Wait queues: how a task waits for a condition, and how others make it look again.
 *
 * A task enters the queue and counts as waiting before it tests its condition, so a wake_all() by
 * whoever has just made the condition true is never lost, on whatever CPU and with whatever lock.
 * The kernel lock is released while the task sleeps, and held again when the condition is tested.
 */
#ifndef KERNEL_TASK_WAIT_QUEUE_H
#define KERNEL_TASK_WAIT_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include <bsd/sys/queue.h>

#include "arch/lock/spinlock.h"

struct task;

/* Inside the kernel only: what a wait that a signal ended tells kernel/entry/deliver.c to do. */
#define ERESTARTSYS    512 /* restart the call if no handler ran or it has SA_RESTART, else EINTR */
#define ERESTARTNOHAND 514 /* restart the call if no handler ran, else EINTR */
#define ERESTART_BLOCK 516 /* restart_syscall() if no handler ran, else EINTR */

/* What restart_syscall() continues, so that the wait keeps its deadline. */
struct restart {
    long (*resume)(const struct restart *restart); /* NULL: there is nothing to continue */
    uint64_t deadline;                             /* in clock_monotonic_ns() */
    uint64_t arguments[4];                         /* what else resume() has to know */
};

TAILQ_HEAD(wait_list, task);

struct wait_queue {
    struct spinlock lock; /* taken with interrupts off */
    struct wait_list tasks;
};

#define WAIT_QUEUE_INIT(queue)                                                        \
    {                                                                                 \
        .lock = SPINLOCK_INIT(#queue), .tasks = TAILQ_HEAD_INITIALIZER((queue).tasks) \
    }

void wait_queue_init(struct wait_queue *queue);

/*
 * Waits in the queue until the condition holds: 0; -ERESTARTSYS when a signal is pending first;
 * -ETIMEDOUT when a time of clock_monotonic_ns() is reached first (0: none). The condition is a
 * function that does not sleep. Without a queue, whoever makes it true calls wake_task(); without a
 * condition, only the time or a signal ends the wait.
 */
int wait_event_until(struct wait_queue *queue, bool (*condition)(void *context), void *context,
                     uint64_t deadline);

static inline int wait_event(struct wait_queue *queue, bool (*condition)(void *context),
                             void *context)
{
    return wait_event_until(queue, condition, context, 0);
}

/* The same, but no signal ends it: for waits that are sure to end soon. */
void wait_event_uninterruptible(struct wait_queue *queue, bool (*condition)(void *context),
                                void *context);

void wake_all_waiting(struct wait_queue *queue);

/*
 * Makes all that wait in the queue test their conditions again. Also from interrupt handlers. A
 * task that enters the queue after it was seen empty here, without its lock, finds its condition
 * true: both sides have a full barrier between their store and their load.
 */
static inline void wake_all(struct wait_queue *queue)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__atomic_load_n(&queue->tasks.tqh_first, __ATOMIC_RELAXED))
        wake_all_waiting(queue);
}

/*
 * A lock whose waiters sleep, so it may be held while user memory is touched. Not for interrupt
 * handlers, and not to be held at the end of a system call.
 */
struct mutex {
    uint32_t held; /* 0 or 1 */
    struct wait_queue waiters;
};

void mutex_init(struct mutex *mutex);
void mutex_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);

#endif
