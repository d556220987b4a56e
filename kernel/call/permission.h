// SPDX-License-Identifier: MIT
/*
 * What the running task may do, for the rooms below that of users (kernel/user/).
 *
 * It owns the questions and the answers of a machine with one user, root, to whom everything is
 * allowed. kernel/user/credentials.c provides those that go by users, groups and capabilities.
 */
#ifndef KERNEL_CALL_PERMISSION_H
#define KERNEL_CALL_PERMISSION_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/capability.h>

struct task;

/* As whom a task acts. */
struct task_identity {
    uint32_t user, effective_user, group, effective_group;
};

/* Provided: the answers about the running task. */
struct permission_rules {
    struct task_identity (*identity)(const struct task *task); /* any task's */
    bool (*may)(unsigned int capability);                      /* as task_may() */
    /*
     * Whether it may see and change another thread's registers and memory: ptrace(2), "Ptrace
     * access mode checking", with the real users as there for PTRACE_MODE_ATTACH_REALCREDS.
     */
    bool (*may_trace)(const struct task *task);
    /* Whether it may send another one a signal, and change how it is scheduled. */
    bool (*may_signal)(const struct task *task);
    bool (*may_schedule)(const struct task *task);
};
const struct permission_rules *permission_rules(void);

/* Whether it has a capability, CAP_* of <linux/capability.h>, in effect. */
static inline bool task_may(unsigned int capability)
{
    return permission_rules()->may(capability);
}

/* The user that others are told of: si_uid. */
static inline uint32_t task_real_user(const struct task *task)
{
    return permission_rules()->identity(task).user;
}

/* The lowest address at which it may map: vm.mmap_min_addr, or any with CAP_SYS_RAWIO. */
uintptr_t credentials_lowest_address(void);

#endif
