// SPDX-License-Identifier: MIT
/*
 * Waiting for children: what wait4() and waitid() look for and find. Ends are found here; stops and
 * whatever else there is to report of a task, by rooms above. The kernel lock is held throughout.
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
    /* Notes that the report was delivered, so that it is not delivered again. */
    void (*note)(const struct wait_request *request);
    int status; /* as wait(2) has it */
    int code;   /* CLD_* */
    int pid;
    uint32_t user;
    uintptr_t usage;   /* address for a struct rusage, or 0 */
    bool usage_failed; /* writing it failed */
};

/*
 * Returns the pid found, 0 with WNOHANG when there is nothing yet, or a negative errno. A failed
 * write of the usage is left in usage_failed, to be reported after other errors.
 */
long wait_for_child(struct wait_request *request);

/* Whether the request covers a task. */
bool wait_names(const struct wait_request *request, const struct task *task);

/* Records what was found of a task: a status encoded as in wait(2), and CLD_*. Returns 1. */
int wait_finds(struct wait_request *request, struct task *task, int status, int code,
               void (*note)(const struct wait_request *request));

/*
 * Asked of each child that has no end to report: is there anything else? Then of tasks that are no
 * children (traced ones), for which has_children is set too. The answer is wait_finds()'s, or 0.
 */
EVENT(wait_looks, int, struct process *child, struct wait_request *request);
EVENT(wait_looks_further, int, struct wait_request *request);

/* The running process has waited for a child that has ended, which is about to be freed. */
EVENT(child_is_waited_for, void, struct process *child);

/*
 * A room that counts usage writes a struct rusage of a task's process and of those that it has
 * waited for. -EFAULT.
 */
EVENT(usage_is_asked_for, int, uintptr_t address, const struct task *task);

#endif
