// SPDX-License-Identifier: MIT
/*
 * Who a task is: its users, groups and capabilities, kept and changed by Linux's rules. They decide
 * who may become, trace and signal whom (kernel/call/permission.h), and what may be done with a
 * file (kernel/user/permission.h).
 *
 * The room owns these, the permission on files, the calls on limits with those that count for a
 * user's processes together, and priorities. It leaves other limits to whoever gives out what they
 * limit, and what was used to kernel/usage/.
 */
#ifndef KERNEL_USER_CREDENTIALS_H
#define KERNEL_USER_CREDENTIALS_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/capability.h>

#include "kernel/call/permission.h"
#include "kernel/task/state.h"
#include "kernel/task/task.h"

#define GROUPS_MAX 32 /* supplementary ones; Linux has 65536 */

#define CAPABILITIES_ALL ((1ul << (CAP_LAST_CAP + 1)) - 1)

/* Users or groups. */
struct identity {
    uint32_t real, effective, saved, file;
};

struct capabilities {
    uint64_t permitted, effective, inheritable, bounding;
};

struct credentials {
    struct identity user, group;
    struct capabilities capabilities;
    bool keeps_capabilities; /* PR_SET_KEEPCAPS */
    unsigned int group_count;
    uint32_t groups[GROUPS_MAX];
};

/* Those of a task: root's at first, for the first program and the kernel's own tasks. */
extern TASK_STATE(struct credentials, task_credentials);

static inline struct credentials *credentials_of(const struct task *task)
{
    return task_state(task, task_credentials);
}

/* The running thread's. */
static inline struct credentials *own_credentials(void)
{
    return credentials_of(current());
}

/* What a process sets for itself, most of it by prctl(2). */
struct process_control {
    int death_signal; /* that it gets when its parent ends, or 0 */
    bool is_not_dumpable;
    bool no_new_privileges;
    uint64_t timer_slack; /* ns; 0: the default */
};

extern PROCESS_STATE(struct process_control, process_control);

static inline struct process_control *control_of(const struct process *process)
{
    return process_state(process, process_control);
}

/* Whether they have a capability, CAP_* of <linux/capability.h>, in effect. */
bool credentials_allow(const struct credentials *credentials, unsigned int capability);

/* Whether they are those of a member of the group, as files see it. */
bool credentials_are_of_group(const struct credentials *credentials, uint32_t group);

/* Whether the running thread may see and set another one's limits. */
bool credentials_may_limit(const struct task *task);

/* Whether it may change how the other one is scheduled. */
bool credentials_may_schedule(const struct task *task);

/* Whether it acts as the other one's user, which alone lets it schedule no more capable one. */
bool credentials_match_user(const struct task *task);

#endif
