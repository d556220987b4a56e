// SPDX-License-Identifier: MIT
/*
 * Stopping and continuing: by job control (SIGSTOP, SIGTSTP, SIGCONT ...) and for a tracer.
 *
 * The room owns process groups, sessions (group.h) and stops. It leaves sending signals to
 * kernel/signal/, terminals and their foreground groups to kernel/tty/, waiting for a child to
 * kernel/process/, and when a tracer stops a thread to kernel/trace/.
 *
 * Job control stops all threads of a process, a tracer one thread. Whoever waits for it is told
 * once; it runs again by SIGCONT, by its tracer, or to die of SIGKILL.
 */
#ifndef KERNEL_JOB_STOP_H
#define KERNEL_JOB_STOP_H

#include <stdbool.h>

#include "kernel/task/state.h"

enum stop_kind {
    STOP_NONE,
    STOP_JOB,   /* by a signal whose default is to stop; SIGCONT ends it */
    STOP_TRACE, /* for the tracer, which ends it */
};

/* A thread's. */
struct stop_state {
    enum stop_kind kind;
    int code;  /* what wait tells of STOP_TRACE: the signal, and an event of ptrace << 8 */
    bool told; /* somebody has waited for it */
};

/* A process's. */
struct job_stop {
    bool is_stopped;  /* each thread stops before it goes to ring 3 again */
    bool is_complete; /* all have: now the parent is told */
    int signal;
    bool told;      /* somebody has waited for it */
    bool continued; /* SIGCONT came, and nobody has waited for that */
};

extern TASK_STATE(struct stop_state, task_stop);
extern PROCESS_STATE(struct job_stop, process_job);

static inline struct stop_state *stop_of(const struct task *task)
{
    return task_state(task, task_stop);
}

static inline struct job_stop *job_of(const struct process *process)
{
    return process_state(process, process_job);
}

/* SIGCHLD about one that stopped or goes on; a parent may not want to hear of it. NULL: nobody. */
void stop_tell(const struct task *task, struct process *to, int code, int status);

/* Stops the running thread; returns when that is over. */
void stop_wait(enum stop_kind kind);

/* A stopped thread is its process's from now on, not its tracer's: the others stop, too. */
void stop_give_to_job(struct task *task, int signal);

/* Makes a stopped thread run again. */
void stop_end(struct task *task);

#endif
