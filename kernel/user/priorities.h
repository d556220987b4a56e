// SPDX-License-Identifier: MIT
/* A thread's policy, priority and nice value: kept and told as Linux does, and not obeyed. */
#ifndef KERNEL_USER_PRIORITIES_H
#define KERNEL_USER_PRIORITIES_H

#include <stdbool.h>

#include "kernel/task/state.h"

struct priorities {
    int policy, priority; /* sched_setscheduler() */
    int nice;             /* -20 to 19 */
    bool reset_on_fork;   /* SCHED_RESET_ON_FORK: what it makes starts without privilege */
};

extern TASK_STATE(struct priorities, task_priorities);

static inline struct priorities *priorities_of(const struct task *task)
{
    return task_state(task, task_priorities);
}

#endif
