// SPDX-License-Identifier: MIT
/*
 * Stopping and continuing: by job control (SIGSTOP, SIGTSTP, SIGCONT ...) and for a tracer.
 *
 * A stopped task is told of to whoever waits for it once; it runs again by SIGCONT, by its tracer,
 * or to die of SIGKILL.
 */
#ifndef KERNEL_STOP_H
#define KERNEL_STOP_H

#include <stdbool.h>

struct task;

enum stop_kind {
    STOP_NONE,
    STOP_JOB,   /* by a signal whose default is to stop; SIGCONT ends it */
    STOP_TRACE, /* for the tracer, which ends it */
};

struct stop_state {
    enum stop_kind kind;
    int code;       /* what wait tells: the signal, and an event of ptrace << 8 */
    bool told;      /* somebody has waited for it */
    bool continued; /* SIGCONT came, and nobody has waited for that */
};

/* Stops the running task, tells its parent or tracer, and returns when it is continued. */
void stop_current(enum stop_kind kind, int code);

/* A stop becomes one of the other kind, or of another code, and is told of anew. */
void stop_change(struct task *task, enum stop_kind kind, int code);

/* Makes a stopped task run again. */
void stop_end(struct task *task);

/* SIGCONT was sent: ends a job-control stop and tells the parent. */
void stop_continue(struct task *task);

#endif
