// SPDX-License-Identifier: MIT
/*
 * What the running task may do, for the rooms below that of users (kernel/user/).
 *
 * It owns the questions. kernel/user/credentials.c answers them by users, groups and capabilities;
 * without an answer there is one user, root, who may do everything.
 */
#ifndef KERNEL_CALL_PERMISSION_H
#define KERNEL_CALL_PERMISSION_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/capability.h>

#include "arch/cpu/attach.h"

struct task;

/* As whom a task acts. */
struct task_identity {
    uint32_t user, effective_user, group, effective_group;
};

/* As whom a task acts is to be known: a room that knows users fills it in, in place of root. */
EVENT(identity_is_wanted, void, const struct task *task, struct task_identity *identity);

/* The running task wants to use a capability, CAP_* of <linux/capability.h>: 0 or -EPERM. */
EVENT(capability_is_used, int, unsigned int capability);

/*
 * The running task wants to see and change another thread's registers and memory: ptrace(2),
 * "Ptrace access mode checking", by the real users as for PTRACE_MODE_ATTACH_REALCREDS; or to send
 * another task a signal. 0 or -EPERM.
 */
EVENT(task_is_traced, int, const struct task *task);
EVENT(task_is_signalled, int, const struct task *task);

static inline bool task_may(unsigned int capability)
{
    return !ASK(capability_is_used, capability);
}

static inline bool task_may_trace(const struct task *task)
{
    return !ASK(task_is_traced, task);
}

static inline struct task_identity task_identity_of(const struct task *task)
{
    struct task_identity identity = {0};

    TELL(identity_is_wanted, task, &identity);
    return identity;
}

/* The user that others are told of: si_uid. */
static inline uint32_t task_real_user(const struct task *task)
{
    return task_identity_of(task).user;
}

/* The lowest address at which it may map: vm.mmap_min_addr, or any with CAP_SYS_RAWIO. */
uintptr_t credentials_lowest_address(void);

#endif
