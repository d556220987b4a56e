// SPDX-License-Identifier: MIT
/*
 * The scheduler: who runs next, and how a task waits.
 *
 * One queue, first in, first out; a task runs until it waits or its time slice ends. The kernel
 * itself is not preempted: a task gives way when it waits, or on its way back to ring 3.
 *
 * The timer interrupts at 100 Hz, and earlier when a sleeper's time comes earlier.
 */
#ifndef KERNEL_SCHED_H
#define KERNEL_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#include <bsd/sys/queue.h>

struct task;

/* Inside the kernel only: how a wait that a signal ended is told to kernel/signal.c. */
#define ERESTARTSYS    512 /* again if no handler ran or it has SA_RESTART, else EINTR */
#define ERESTARTNOHAND 514 /* again if no handler ran, else EINTR */
#define ERESTART_BLOCK 516 /* by restart_syscall() if no handler ran, else EINTR */

#define TICK_NS 10000000ul /* 100 Hz: also the time slice */

TAILQ_HEAD(wait_list, task);

struct wait_queue {
    struct wait_list tasks;
};

#define WAIT_QUEUE_INIT(queue)                \
    {                                         \
        TAILQ_HEAD_INITIALIZER((queue).tasks) \
    }

void wait_queue_init(struct wait_queue *queue);

/*
 * Waits in the queue until the condition holds: 0; -ERESTARTSYS when a signal is pending first.
 * The condition is tested before each sleep with interrupts off, so no wake-up is lost.
 */
int wait_event(struct wait_queue *queue, bool (*condition)(void *context), void *context);

/*
 * The same with a time limit, in nanoseconds of clock_monotonic_ns(): -ETIMEDOUT when that is
 * reached first. queue and condition may be NULL: nothing but the time ends the wait.
 */
int wait_event_until(struct wait_queue *queue, bool (*condition)(void *context), void *context,
                     uint64_t deadline);

/* The same, but no signal ends it: for waits that are sure to end soon. */
void wait_event_uninterruptible(struct wait_queue *queue, bool (*condition)(void *context),
                                void *context);

/* Makes all that wait in the queue test their conditions. Also from interrupt handlers. */
void wake_all(struct wait_queue *queue);

/* Makes a waiting task run, whatever it waits for: because of a signal. */
void wake_task(struct task *task);

/* The boot CPU's current() is its idle task from here on. */
void sched_init(void);

/* Lays out a new task's kernel stack so that its first turn begins at the frame on top of it. */
void task_prepare_stack(struct task *task);

/* The same, but the first turn calls a function of the kernel before it goes to the frame. */
void task_set_kernel_function(struct task *task, void (*function)(void *argument), void *argument);

/* Puts the running task, stopped, aside until sched_continue(). Interrupts are off. */
void sched_stop(void);

/* Lets a stopped task run again; nothing happens if it is not. */
void sched_continue(struct task *task);

/* How long a task has run, in the kernel or in ring 3; and how long this CPU had nothing to do. */
uint64_t sched_cpu_ns(const struct task *task);
uint64_t sched_idle_ns(void);

/* Puts a new task into the run queue. */
void sched_add(struct task *task);

/* Gives way to the next runnable task; returns when it is this one's turn again. */
void schedule(void);

/* Ends the running task for good; the next task frees it if reap is set. */
void sched_exit(bool reap) __attribute__((noreturn));

/*
 * Starts the timer and becomes the boot CPU's idle task: runs tasks, polls devices, and halts
 * when there is nothing to do.
 */
void sched_start(void) __attribute__((noreturn));

/*
 * Registers a function that looks whether a device has something, called on each tick and while
 * idle, with interrupts off. It returns whether there was something: then the idle loop asks
 * often for a while.
 */
void poll_register(bool (*poll)(void));

/* An interval timer may be due earlier than the timer is set to interrupt. Interrupts are off. */
void sched_rearm(void);

/* From the timer's interrupt. */
void sched_tick(void);

struct sched_counters {
    uint64_t switches;
    uint64_t ticks;
};

extern struct sched_counters sched_counters;

#endif
