// SPDX-License-Identifier: MIT
/*
 * The scheduler: which task runs next, and on which CPU.
 *
 * Each CPU has a queue, first in, first out; a task runs until it waits or its time slice ends. A
 * task that wakes goes to an idle CPU if there is one, else to the CPU where it last ran. A CPU
 * that runs out of work, or at its tick has less than another, takes a task from the longest queue.
 * The kernel itself is not preempted: a task gives up its CPU when it waits or goes to ring 3.
 *
 * A CPU's timer interrupts at 100 Hz while the CPU has work, and in between when a sleeper is due;
 * a CPU without work or sleepers halts until another one interrupts it.
 *
 * kernel/task/wait_queue.h is how a task waits for something.
 */
#ifndef KERNEL_TASK_SCHED_H
#define KERNEL_TASK_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu/attach.h"

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

/* Called on each other CPU: gives it a queue, and an idle task as its current(). 0 or -ENOMEM. */
int sched_add_cpu(void);

/* Becomes this CPU's idle task: runs tasks, and halts when there is nothing to do. */
void sched_start(void) __attribute__((noreturn));

/* ---- a task's life ---- */

/* Lays out a new task's kernel stack so that its first turn begins at the frame on top of it. */
void task_prepare_stack(struct task *task);

/* The same, but the first turn calls a kernel function before it returns through the frame. */
void task_set_kernel_function(struct task *task, void (*function)(void *argument), void *argument);

/* Begins a task's first turn: completes the switch to it. Interrupts are on afterwards. */
void sched_begin_first_turn(void);

/* Puts a new task into a run queue. */
void sched_add(struct task *task);

/* Gives way to the next runnable task; returns when it is this one's turn again. */
void schedule(void);

/*
 * Ends the running task for good, and releases the kernel lock. With reap, nothing refers to the
 * task any more, and the next task on this CPU frees it.
 */
void sched_exit(bool reap) __attribute__((noreturn));

/*
 * If the task is on no CPU, calls change, during which it gets none, and returns true. Otherwise
 * returns false and, in *cpu, the CPU that it is on, or was on a moment ago.
 */
bool sched_if_off_cpu(struct task *task, void (*change)(struct task *task), unsigned int *cpu);

/*
 * This task is next on this CPU, and it or the one before has told_of_turns. The run queue's lock
 * is held and interrupts are off; memory of ring 3 may not be accessed.
 */
EVENT(turn_begins, void, struct task *next);

/* ---- sleeping and waking ---- */

/*
 * Sets the running task's state; all CPUs see it before anything that the task reads afterwards. A
 * task that is waiting or stopped still runs on until sched_sleep().
 */
void sched_set_state(enum task_state state);

/*
 * Sleeps until another task makes this one TASK_RUNNABLE, or until a time of clock_monotonic_ns()
 * (0: none). The kernel lock is released meanwhile. It may return early: the caller tests its
 * condition again.
 */
void sched_sleep(uint64_t deadline);

/* Makes a waiting task runnable, whatever it waits for. Also called by interrupt handlers. */
void wake_task(struct task *task);

/* Makes a task look at its work bits: wakes it if it waits, interrupts its CPU if it runs. */
void sched_notify(struct task *task);

/* Stops the running task until sched_continue(). The kernel lock is held. */
void sched_stop(void);

/* Makes a stopped task runnable; does nothing to any other. The kernel lock is held. */
void sched_continue(struct task *task);

/* ---- interrupts ---- */

/* From the timer's interrupt. */
void sched_tick(void);

#endif
