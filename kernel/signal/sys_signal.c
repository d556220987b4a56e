// SPDX-License-Identifier: MIT
/*
 * System calls that send signals, and those on handlers and masks. sigaltstack and rt_sigreturn are
 * in signal_stack.c and signal_return.c.
 */
#include <asm/errno.h>

#include "arch/mmu/usercopy.h"
#include "kernel/call/permission.h"
#include "kernel/call/syscall.h"
#include "kernel/keys/rights.h"
#include "kernel/signal/signal.h"
#include "kernel/task/task.h"

/* ---- sending ---- */

siginfo_t signal_info_from_user(int signal, int code)
{
    siginfo_t info = {.si_signo = signal, .si_code = code};

    info.si_pid = current_process()->pid;
    info.si_uid = task_real_user(current());
    return info;
}

/* Linux's order of checks: the target, the signal's number, permission. */
static int check(const struct task *task, int signal)
{
    if (!task)
        return -ESRCH;
    if (signal < 0 || signal > SIGNAL_COUNT)
        return -EINVAL;
    if (signal == SIGCONT && task->process->sid == current_process()->sid)
        return 0;
    return ASK(task_is_signalled, task);
}

/* Sends to a task's process, or only asks whether it is there (signal 0). */
int signal_send_to_process(struct task *task, const siginfo_t *info, int signal)
{
    int error = check(task, signal);

    return error || !signal ? error : signal_send_process_info(task, info);
}

/* A process may be named by the number of any of its threads, as on Linux. */
SYSCALL2(kill, int, pid, int, signal)
{
    siginfo_t info = signal_info_from_user(signal, SI_USER);

    if (pid > 0)
        return signal_send_to_process(task_find(pid), &info, signal);
    int answer = ASK(many_are_signalled, pid, &info, signal);
    return answer > 0 ? 0 : answer ? answer : -ESRCH;
}

/* tgid: the process that the thread must belong to, or 0. */
int signal_send_to_thread(int tgid, int tid, const siginfo_t *info, int signal)
{
    struct task *task = task_find(tid);

    if (task && tgid && task->process->pid != tgid)
        task = NULL;
    int error = check(task, signal);
    return error || !signal ? error : signal_send_info(task, info);
}

SYSCALL3(tgkill, int, tgid, int, tid, int, signal)
{
    siginfo_t info = signal_info_from_user(signal, SI_TKILL);

    return tgid <= 0 || tid <= 0 ? -EINVAL : signal_send_to_thread(tgid, tid, &info, signal);
}

/* ---- handlers and masks ---- */

/* The flags that sigaction keeps. Others are cleared, so that programs can tell which exist. */
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
        if (signal_is_ignored(current_process(), signal))
            signal_drop_everywhere(current_process(), signal_bit(signal));
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
