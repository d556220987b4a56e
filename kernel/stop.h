// SPDX-License-Identifier: MIT
/*
 * Stopping and continuing: by job control (SIGSTOP, SIGTSTP, SIGCONT ...) and for a tracer.
 *
 * Job control stops all threads of a process, a tracer one thread. Whoever waits for it is told
 * once; it runs again by SIGCONT, by its tracer, or to die of SIGKILL.
 */
#ifndef KERNEL_STOP_H
#define KERNEL_STOP_H

#include <stdbool.h>

struct process;
struct task;

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

/* Stops the running thread for its tracer, tells that, and returns when it is continued. */
void stop_for_tracer(int code);

/* Stops the running thread's process; returns when it is continued. */
void stop_process(int signal);

/* The running thread's process was stopped by another thread: stops too. */
void stop_join(void);

/* Tells the parent of a stop if no thread of the process runs any more, and none has yet. */
void stop_tell_complete(struct process *process);

/* A stop by job control becomes one for the tracer, or the other way; it is told of anew. */
void stop_give_to_tracer(struct task *task, int code);
void stop_give_to_job(struct task *task, int signal);

/* Makes a stopped thread run again. */
void stop_end(struct task *task);

/* SIGCONT was sent: ends a job-control stop and tells the parent. */
void stop_continue(struct process *process);

#endif
