// SPDX-License-Identifier: MIT
/*
 * The run queues, one for each CPU: what the files of the scheduler share.
 *
 * A queue's lock guards its list and the state, CPU and turn of the tasks in it and of the one that
 * runs there. It is held across a switch and released by the next task, so whoever takes it never
 * sees a task that is half switched.
 */
#ifndef KERNEL_TASK_RUN_QUEUE_H
#define KERNEL_TASK_RUN_QUEUE_H

#include "arch/cpu/percpu.h"
#include "arch/lock/spinlock.h"
#include "kernel/task/sched.h"
#include "kernel/task/task.h"

struct sched_counters {
    uint64_t switches;
    uint64_t ticks;
    uint64_t migrations; /* tasks taken from another CPU's queue */
};

struct run_queue {
    struct spinlock lock; /* taken with interrupts off */
    struct task_list tasks;
    unsigned int length;
    struct task *running;
    struct task *previous; /* across a switch: who ran before */
    struct task *idle;     /* NULL: there is no such CPU */
    uint64_t tick_at;      /* when the next tick is due; 0: idle, there is none */
    struct sched_counters counters;

    struct task *finished; /* ended; the next task frees it. For this CPU alone */

    struct spinlock sleep_lock; /* taken with interrupts off, before the lock of any queue */
    struct task_list sleepers;  /* the soonest first */
    uint64_t next_wake;         /* the first one's time, or UINT64_MAX */
};

extern struct run_queue run_queues[CPU_MAX];

static inline struct run_queue *this_queue(void)
{
    return &run_queues[this_cpu()->number];
}

/* The queue's lock is held. Urgent tasks go to the head. */
static inline void sched_enqueue(struct run_queue *queue, struct task *task)
{
    if (task->is_urgent)
        TAILQ_INSERT_HEAD(&queue->tasks, task, run_link);
    else
        TAILQ_INSERT_TAIL(&queue->tasks, task, run_link);
    queue->length++;
}

static inline void sched_dequeue(struct run_queue *queue, struct task *task)
{
    TAILQ_REMOVE(&queue->tasks, task, run_link);
    queue->length--;
}

/*
 * Called with -now - 1 when a turn begins and now + 1 when it ends, so that one word tells both the
 * time that a task has run and when its turn began: readers never see half of it.
 */
static inline void sched_turn_clock(struct task *task, uint64_t ns)
{
    __atomic_store_n(&task->cpu_clock, task->cpu_clock + (int64_t)ns, __ATOMIC_RELAXED);
}

/* The queue of a task's CPU, locked; interrupts are off. */
struct run_queue *sched_lock_queue_of(const struct task *task);

/* Whether there is such a CPU, and the task may run there. */
bool sched_may_run_on(const struct task *task, unsigned int cpu);

/* Interrupts another CPU, so that it looks at its queue or its running task's work. */
void sched_interrupt_cpu(unsigned int cpu);

/*
 * Puts a runnable task that neither runs nor is queued into a queue. Its old CPU's queue is locked
 * on entry, and unlocked. Nobody else can move the task meanwhile: it no longer waits and is not
 * yet queued.
 */
void sched_place(struct run_queue *queue, struct task *task);

/* Takes a task from the longest queue of all, if that is longer than load, into this one. */
void sched_balance(struct run_queue *queue, unsigned int load);

/*
 * Starts the ticks of a CPU that has work again; a tick that finds it idle stops them. Cold, so
 * that the compiler keeps this out of the straight path of its caller, the switch.
 */
void sched_start_ticks(struct run_queue *queue, uint64_t now) __attribute__((cold));

/* Has this CPU's timer wake the task at a time of clock_monotonic_ns(). */
void sched_add_sleeper(struct task *task, uint64_t deadline);

/* Also waits for a tick that is just waking the task: afterwards the task may be freed. */
void sched_remove_sleeper(struct task *task);

#endif
