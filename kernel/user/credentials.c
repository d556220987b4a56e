// SPDX-License-Identifier: MIT
#include "kernel/user/credentials.h"

#include <asm/errno.h>

#include "kernel/process/events.h"
#include "kernel/process/exec.h"
#include "kernel/task/task.h"

TASK_STATE(struct credentials, task_credentials);
PROCESS_STATE(struct process_control, process_control);

static void begin_as_root(struct task *task)
{
    *credentials_of(task) = (struct credentials){.capabilities = {.permitted = CAPABILITIES_ALL,
                                                                  .effective = CAPABILITIES_ALL,
                                                                  .bounding = CAPABILITIES_ALL}};
}

ATTACH(task_is_created, begin_as_root);

static int inherit(struct task *child, struct clone_request *request)
{
    (void)request;
    *credentials_of(child) = *credentials_of(current());
    if (child->process != current_process()) {
        struct process_control *control = control_of(child->process);
        *control = *control_of(current_process());
        control->death_signal = 0;
    }
    return 0;
}

ATTACH(thread_is_made, inherit);

static void tell_identity(const struct task *task, struct task_identity *result)
{
    const struct identity *user = &credentials_of(task)->user;
    const struct identity *group = &credentials_of(task)->group;

    *result = (struct task_identity){user->real, user->effective, group->real, group->effective};
}
ATTACH(identity_is_wanted, tell_identity);

/* What changes when a program is executed. */
static void settle_for_program(struct task *task, const struct exec_facts *facts)
{
    struct credentials *credentials = credentials_of(task);
    struct capabilities *capabilities = &credentials->capabilities;
    struct identity *user = &credentials->user, *group = &credentials->group;

    user->saved = user->file = user->effective;
    group->saved = group->file = group->effective;
    capabilities->permitted =
        !user->real || !user->effective ? capabilities->bounding | capabilities->inheritable : 0;
    capabilities->effective = user->effective ? 0 : capabilities->permitted;
    credentials->keeps_capabilities = false;
    control_of(task->process)->is_not_dumpable =
        !facts->arguments->is_readable; /* nor is its memory to be read */
}

ATTACH(exec_commits, settle_for_program);

bool credentials_allow(const struct credentials *credentials, unsigned int capability)
{
    return credentials->capabilities.effective & 1ul << capability;
}

static int refuse_capability(unsigned int capability)
{
    return credentials_allow(own_credentials(), capability) ? 0 : -EPERM;
}
ATTACH(capability_is_used, refuse_capability);

bool credentials_are_of_group(const struct credentials *credentials, uint32_t group)
{
    if (credentials->group.file == group)
        return true;
    for (unsigned int i = 0; i < credentials->group_count; i++)
        if (credentials->groups[i] == group)
            return true;
    return false;
}

/* ---- what it may do to others ---- */

static bool is_wholly(const struct identity *identity, uint32_t id)
{
    return identity->real == id && identity->effective == id && identity->saved == id;
}

static int refuse_trace(const struct task *task)
{
    const struct credentials *theirs = credentials_of(task);

    if (task->process == current_process() || task_may(CAP_SYS_PTRACE))
        return 0;
    bool is_same = is_wholly(&theirs->user, own_credentials()->user.real) &&
                   is_wholly(&theirs->group, own_credentials()->group.real) &&
                   !control_of(task->process)->is_not_dumpable &&
                   !(theirs->capabilities.permitted & ~own_credentials()->capabilities.permitted);
    return is_same ? 0 : -EPERM;
}
ATTACH(task_is_traced, refuse_trace);

static int refuse_signal(const struct task *task)
{
    const struct identity *theirs = &credentials_of(task)->user, *ours = &own_credentials()->user;

    bool may = task->process == current_process() || ours->effective == theirs->saved ||
               ours->effective == theirs->real || ours->real == theirs->saved ||
               ours->real == theirs->real || task_may(CAP_KILL);
    return may ? 0 : -EPERM;
}
ATTACH(task_is_signalled, refuse_signal);

bool credentials_match_user(const struct task *task)
{
    const struct identity *theirs = &credentials_of(task)->user;
    uint32_t user = own_credentials()->user.effective;

    return user == theirs->effective || user == theirs->real;
}

bool credentials_may_schedule(const struct task *task)
{
    if (task_may(CAP_SYS_NICE))
        return true;
    return credentials_match_user(task) && !(credentials_of(task)->capabilities.permitted &
                                             ~own_credentials()->capabilities.permitted);
}

bool credentials_may_limit(const struct task *task)
{
    return task->process == current_process() ||
           (is_wholly(&credentials_of(task)->user, own_credentials()->user.real) &&
            is_wholly(&credentials_of(task)->group, own_credentials()->group.real)) ||
           task_may(CAP_SYS_RESOURCE);
}
