// SPDX-License-Identifier: MIT
/*
 * The scheduler: who runs next, on which CPU.
 *
 * Each CPU has a queue, first in, first out; a task runs until it waits or its time slice ends.
 * A task that wakes goes to a CPU that has nothing to do, or else to where it ran last; a CPU that
 * runs out of work, or has less than another at its tick, takes a task from the longest queue.
 * The kernel itself is not preempted: a task gives way when it waits, or on its way to ring 3.
 *
 * A CPU's timer interrupts at 100 Hz while the CPU has work, and earlier when a sleeper's time
 * comes earlier; a CPU without work and sleepers halts until another one needs it.
 *
 * How a task waits for something is kernel/task/wait_queue.h's.
 */
#ifndef KERNEL_TASK_SCHED_H
#define KERNEL_TASK_SCHED_H

#include <stdbool.h>
#include <stdint.h>

struct task;

#define TICK_NS 10000000ul /* 100 Hz: also the time slice */

enum task_state {
    TASK_RUNNABLE, /* running, or in a run queue */
    TASK_WAITING,  /* in a wait queue or asleep, or about to be */
    TASK_STOPPED,  /* by a signal or for a tracer, or about to be */
    TASK_ZOMBIE,   /* ended, not yet waited for */
};

/* The boot CPU's current() is its idle task from here on. */
void sched_init(void);

/* Gives another CPU, which calls it, a queue and an idle task, its current(): 0 or -ENOMEM. */
int sched_add_cpu(void);

/* Becomes this CPU's idle task: runs tasks, and halts when there is nothing to do. */
void sched_start(void) __attribute__((noreturn));

/* ---- a task's life ---- */

/* Lays out a new task's kernel stack so that its first turn begins at the frame on top of it. */
void task_prepare_stack(struct task *task);

/* The same, but the first turn calls a function of the kernel before it goes to the frame. */
void task_set_kernel_function(struct task *task, void (*function)(void *argument), void *argument);

/* What a task does first at its first turn. Interrupts are on afterwards. */
void sched_begin_first_turn(void);

/* Puts a new task into a run queue. */
void sched_add(struct task *task);

/* Gives way to the next runnable task; returns when it is this one's turn again. */
void schedule(void);

/*
 * Ends the running task for good, and lets go of the kernel lock. With reap, nobody knows the task
 * any more, and the next task on this CPU frees it.
 */
void sched_exit(bool reap) __attribute__((noreturn));

/*
 * Calls change for a task that has no CPU, and gets none meanwhile, and returns true; or returns
 * false and the CPU that it has, or had a moment ago.
 */
bool sched_if_off_cpu(struct task *task, void (*change)(struct task *task), unsigned int *cpu);

/* ---- sleeping and waking ---- */

/*
 * The running task's state, seen by all CPUs before anything that it reads afterwards. One that
 * waits or is stopped runs on until sched_sleep().
 */
void sched_set_state(enum task_state state);

/*
 * Sleeps until the running task's state is TASK_RUNNABLE, or until a moment of
 * clock_monotonic_ns() if that is not 0. The kernel lock is let go meanwhile. It may return
 * early: the caller looks again.
 */
void sched_sleep(uint64_t deadline);

/* Makes a waiting task run, whatever it waits for. Also from interrupt handlers. */
void wake_task(struct task *task);

/* Makes a task that waits run, or one that runs in ring 3 enter the kernel: it has work to do. */
void sched_notify(struct task *task);

/* Puts the running task aside until sched_continue(). The kernel lock is held. */
void sched_stop(void);

/* Lets a stopped task run again; nothing happens if it is not. The kernel lock is held. */
void sched_continue(struct task *task);

/* ---- interrupts ---- */

/* From the timer's interrupt. */
void sched_tick(void);

#endif
