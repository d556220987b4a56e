// SPDX-License-Identifier: MIT
/* clone3: the checks on its arguments; kernel/process/clone.c does the rest. */
#include <linux/sched.h>

#include "arch/mmu/usercopy.h"
#include "kernel/call/syscall.h"
#include "kernel/call/user_struct.h"
#include "kernel/task/process.h"

#define CLONE3_FLAGS (UINT32_MAX | CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP)

static bool is_sound(const struct clone_args *arguments)
{
    uint64_t flags = arguments->flags;

    if (!!arguments->set_tid != !!arguments->set_tid_size || arguments->set_tid_size > 32)
        return false;
    if ((flags & ~CLONE3_FLAGS) || (flags & (CLONE_DETACHED | CSIGNAL)))
        return false;
    if ((flags & CLONE_PIDFD) && (flags & CLONE_PARENT_SETTID) &&
        arguments->pidfd == arguments->parent_tid)
        return false;
    if ((flags & CLONE_SIGHAND) && (flags & CLONE_CLEAR_SIGHAND))
        return false;
    if (arguments->exit_signal > SIGNAL_COUNT ||
        ((flags & (CLONE_THREAD | CLONE_PARENT)) && arguments->exit_signal))
        return false;
    if (!arguments->stack)
        return arguments->stack_size == 0;
    return arguments->stack_size && user_range_ok(arguments->stack, arguments->stack_size);
}

SYSCALL2(clone3, uintptr_t, address, size_t, size)
{
    struct clone_args arguments;
    int error =
        user_struct_read(&arguments, sizeof(arguments), CLONE_ARGS_SIZE_VER0, address, size);

    if (error)
        return error;
    if (!is_sound(&arguments))
        return -EINVAL;
    if (arguments.set_tid)
        return -EPERM; /* tids are not for the caller to choose */
    struct clone_request request = {
        .flags = arguments.flags,
        .exit_signal = (int)arguments.exit_signal,
        .stack = arguments.stack + arguments.stack_size,
        .parent_tid = arguments.parent_tid,
        .child_tid = arguments.child_tid,
        .pidfd = arguments.pidfd,
        .tls = arguments.tls,
    };
    return process_clone(&request);
}
