// SPDX-License-Identifier: MIT
/* System calls on signals; kernel/signal/signal_frame.c has sigaltstack and rt_sigreturn. */
#include "arch/mmu/usercopy.h"
#include "kernel/call/syscall.h"
#include "kernel/keys/rights.h"
#include "kernel/signal/signal.h"
#include "kernel/task/task.h"
#include "mm/space/address_space.h"

/* The flags that sigaction keeps: a program finds out by them which ones there are. */
#define ACTION_FLAGS                                                                   \
    (SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_NODEFER | \
     SA_RESETHAND | SA_EXPOSE_TAGBITS | SA_RESTORER)

SYSCALL4(rt_sigaction, int, signal, uintptr_t, new_action, uintptr_t, old_action, size_t, set_size)
{
    struct sigaction action, old;

    if (set_size != sizeof(signal_set_t))
        return -EINVAL;
    if (new_action && copy_from_user(&action, new_action, sizeof(action)))
        return -EFAULT;
    if (signal < 1 || signal > SIGNAL_COUNT ||
        (new_action && (SIGNALS_NEVER_BLOCKED & signal_bit(signal))))
        return -EINVAL;
    int error = new_action ? rights_check_handlers() : 0;
    if (error)
        return error;
    struct sigaction *slot = &current_process()->actions->action[signal - 1];
    old = *slot;
    if (new_action) {
        action.sa_mask &= ~SIGNALS_NEVER_BLOCKED;
        action.sa_flags &= ACTION_FLAGS;
        *slot = action;
        signal_drop_ignored(signal);
    }
    if (old_action && copy_to_user(old_action, &old, sizeof(old)))
        return -EFAULT;
    return 0;
}

SYSCALL4(rt_sigprocmask, int, how, uintptr_t, new_set, uintptr_t, old_set, size_t, set_size)
{
    signal_set_t old = current()->signals.blocked;
    signal_set_t set;

    if (set_size != sizeof(signal_set_t))
        return -EINVAL;
    if (new_set) {
        if (copy_from_user(&set, new_set, sizeof(set)))
            return -EFAULT;
        if (how == SIG_BLOCK)
            signal_set_blocked(old | set);
        else if (how == SIG_UNBLOCK)
            signal_set_blocked(old & ~set);
        else if (how == SIG_SETMASK)
            signal_set_blocked(set);
        else
            return -EINVAL;
    }
    if (old_set && copy_to_user(old_set, &old, sizeof(old)))
        return -EFAULT;
    return 0;
}

SYSCALL2(rt_sigpending, uintptr_t, set, size_t, set_size)
{
    signal_set_t pending = signal_pending_set() & current()->signals.blocked;

    if (set_size > sizeof(pending))
        return -EINVAL;
    return copy_to_user(set, &pending, set_size) ? -EFAULT : 0;
}
