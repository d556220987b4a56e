// SPDX-License-Identifier: MIT
#include "kernel/call/permission.h"

#include "mm/space/mmap.h"

static struct task_identity identity_of_root(const struct task *task)
{
    (void)task;
    return (struct task_identity){0};
}

static bool has_capability(unsigned int capability)
{
    return capability <= CAP_LAST_CAP;
}

static bool always(const struct task *task)
{
    (void)task;
    return true;
}

__attribute__((weak)) const struct permission_rules *permission_rules(void)
{
    static const struct permission_rules of_root = {
        .identity = identity_of_root,
        .may = has_capability,
        .may_trace = always,
        .may_signal = always,
        .may_schedule = always,
    };

    return &of_root;
}

uintptr_t credentials_lowest_address(void)
{
    return task_may(CAP_SYS_RAWIO) ? 0 : mmap_min_addr;
}
