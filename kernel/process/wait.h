// SPDX-License-Identifier: MIT
/*
 * Waiting for children: what wait4 and waitid look for and find. Ends are found here; what else
 * there is to tell of a task is for rooms above. The kernel lock is held in all of it.
 */
#ifndef KERNEL_PROCESS_WAIT_H
#define KERNEL_PROCESS_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/types.h>
#include <linux/wait.h>

#include "arch/cpu/attach.h"

struct process;
struct task;

struct wait_request {
    int type; /* P_ALL, P_PID, P_PGID */
    int id;
    int options; /* WEXITED, WSTOPPED, WCONTINUED, WNOHANG, WNOWAIT */
    bool has_children;
    struct task *found;
    /* That it has been told, so that it is not told again. */
    void (*note)(const struct wait_request *request);
    int status; /* as wait(2) has it */
    int code;   /* CLD_* */
    int pid;
    uint32_t user;
    uintptr_t usage; /* where a struct rusage goes to, or 0 */
    bool is_fault;   /* it cannot be written there */
};

/*
 * The pid found; 0 when there is nothing yet and WNOHANG; or a negative errno: not for is_fault,
 * which comes after other mistakes.
 */
long wait_for_child(struct wait_request *request);

/* Whether a task is one of those that the request is about. */
bool wait_names(const struct wait_request *request, const struct task *task);

/* Puts down what was found of a task: a status as wait(2) has it, and CLD_*. Returns 1. */
int wait_finds(struct wait_request *request, struct task *task, int status, int code,
               void (*note)(const struct wait_request *request));

/*
 * Whether there is anything to tell of a child that has not ended, and then of others than
 * children, of whom has_children tells too: the answer is wait_finds()'s, or 0.
 */
EVENT(wait_looks, int, struct process *child, struct wait_request *request);
EVENT(wait_looks_further, int, struct wait_request *request);

/* The running process has waited for a child that has ended, and which is freed now. */
EVENT(child_is_waited_for, void, struct process *child);

/*
 * Who counts what processes use writes a struct rusage of a task's process and of those that it has
 * waited for. -EFAULT.
 */
EVENT(usage_is_asked_for, int, uintptr_t address, const struct task *task);

#endif
