// SPDX-License-Identifier: MIT
/* System calls on signals; kernel/signal_frame.c has sigaltstack and rt_sigreturn. */
#include "arch/clock.h"
#include "arch/usercopy.h"
#include "kernel/signal.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/time.h"

#define UNBLOCKABLE (signal_bit(SIGKILL) | signal_bit(SIGSTOP))

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
    if (signal < 1 || signal > SIGNAL_COUNT || (new_action && (UNBLOCKABLE & signal_bit(signal))))
        return -EINVAL;
    struct sigaction *slot = &current_process()->actions->action[signal - 1];
    old = *slot;
    if (new_action) {
        action.sa_mask &= ~UNBLOCKABLE;
        action.sa_flags &= ACTION_FLAGS;
        *slot = action;
        signal_drop_ignored(signal);
    }
    if (old_action && copy_to_user(old_action, &old, sizeof(old)))
        return -EFAULT;
    return 0;
}

static void set_blocked(signal_set_t blocked)
{
    current()->signals.blocked = blocked & ~UNBLOCKABLE;
    task_set_work(current(), WORK_SIGNAL);
    signal_retarget();
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
            set_blocked(old | set);
        else if (how == SIG_UNBLOCK)
            set_blocked(old & ~set);
        else if (how == SIG_SETMASK)
            set_blocked(set);
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

static bool never(void *context)
{
    (void)context;
    return false;
}

SYSCALL2(rt_sigsuspend, uintptr_t, set, size_t, set_size)
{
    struct signal_state *state = &current()->signals;
    struct wait_queue nobody = WAIT_QUEUE_INIT(nobody);
    signal_set_t blocked;

    if (set_size != sizeof(signal_set_t))
        return -EINVAL;
    if (copy_from_user(&blocked, set, sizeof(blocked)))
        return -EFAULT;
    state->saved_blocked = state->blocked;
    state->restore_blocked = true;
    set_blocked(blocked);
    wait_event(&nobody, never, NULL);
    return -ERESTARTNOHAND;
}

SYSCALL0(pause)
{
    struct wait_queue nobody = WAIT_QUEUE_INIT(nobody);

    wait_event(&nobody, never, NULL);
    return -ERESTARTNOHAND;
}

static siginfo_t info_from_user(int signal, int code)
{
    siginfo_t info = {.si_signo = signal, .si_code = code};

    info.si_pid = current_process()->pid;
    return info;
}

/* Sends to one process, or only asks whether it is there (signal 0). */
static int send_to_process(struct process *process, int signal)
{
    siginfo_t info = info_from_user(signal, SI_USER);

    if (!process)
        return -ESRCH;
    return signal ? signal_send_process_info(process, &info) : 0;
}

static int send_to_group(int pgid, int signal)
{
    struct process *process;
    int result = -ESRCH;

    TAILQ_FOREACH (process, &all_processes, all_link)
        if (process->pgid == pgid)
            result = send_to_process(process, signal);
    return result;
}

/* To all but the caller and the first program. */
static int send_to_all(int signal)
{
    struct process *process;
    int result = -ESRCH;

    TAILQ_FOREACH (process, &all_processes, all_link)
        if (process->pid > 1 && process != current_process())
            result = send_to_process(process, signal);
    return result;
}

/* By its pid or, as on Linux, by any of its threads' tids. */
static struct process *find_process_of(int pid)
{
    struct task *task = task_find(pid);

    return task ? task->process : NULL;
}

SYSCALL2(kill, int, pid, int, signal)
{
    if (signal < 0 || signal > SIGNAL_COUNT)
        return -EINVAL;
    if (pid > 0)
        return send_to_process(find_process_of(pid), signal);
    if (pid == -1)
        return send_to_all(signal);
    return send_to_group(pid == 0 ? current_process()->pgid : -pid, signal);
}

static int send_to_thread(int tgid, int tid, int signal)
{
    if (tid <= 0 || signal < 0 || signal > SIGNAL_COUNT)
        return -EINVAL;
    siginfo_t info = info_from_user(signal, SI_TKILL);
    struct task *task = task_find(tid);
    if (!task || (tgid != 0 && task->process->pid != tgid))
        return -ESRCH;
    return signal ? signal_send_info(task, &info) : 0;
}

SYSCALL3(tgkill, int, tgid, int, tid, int, signal)
{
    return tgid <= 0 ? -EINVAL : send_to_thread(tgid, tid, signal);
}

SYSCALL2(tkill, int, tid, int, signal)
{
    return send_to_thread(0, tid, signal);
}

/* ---- queued signals, and waiting for one without a handler ---- */

/* A siginfo from a program may not claim to be the kernel's, unless it goes to itself. */
static long read_info(siginfo_t *info, int signal, uintptr_t address, bool to_itself)
{
    if (copy_from_user(info, address, sizeof(*info)))
        return -EFAULT;
    if (signal < 0 || signal > SIGNAL_COUNT)
        return -EINVAL;
    if ((info->si_code >= 0 || info->si_code == SI_TKILL) && !to_itself)
        return -EPERM;
    info->si_signo = signal;
    return 0;
}

SYSCALL3(rt_sigqueueinfo, int, pid, int, signal, uintptr_t, address)
{
    struct process *process = find_process_of(pid);
    siginfo_t info;
    long error = read_info(&info, signal, address, process == current_process());

    if (error || !process)
        return error ? error : -ESRCH;
    return signal ? signal_send_process_info(process, &info) : 0;
}

SYSCALL4(rt_tgsigqueueinfo, int, tgid, int, tid, int, signal, uintptr_t, address)
{
    struct task *task = task_find(tid);
    siginfo_t info;

    if (tgid <= 0 || tid <= 0)
        return -EINVAL;
    long error = read_info(&info, signal, address, tid == current()->tid);
    if (error || !task || task->process->pid != tgid)
        return error ? error : -ESRCH;
    return signal ? signal_send_info(task, &info) : 0;
}

static bool is_one_pending(void *context)
{
    return signal_pending_set() & *(const signal_set_t *)context;
}

SYSCALL4(rt_sigtimedwait, uintptr_t, set, uintptr_t, info, uintptr_t, timeout, size_t, set_size)
{
    struct signal_state *state = &current()->signals;
    struct wait_queue nobody = WAIT_QUEUE_INIT(nobody);
    signal_set_t wanted, blocked = state->blocked;
    uint64_t ns = 0;
    siginfo_t found;
    int error;

    if (set_size != sizeof(signal_set_t))
        return -EINVAL;
    if (copy_from_user(&wanted, set, sizeof(wanted)))
        return -EFAULT;
    error = timeout ? time_from_user(timeout, &ns) : 0;
    if (error)
        return error;
    wanted &= ~UNBLOCKABLE;
    /* While it waits they are not blocked, so that their coming wakes it. */
    state->awaited = wanted & blocked;
    state->blocked &= ~wanted;
    if (timeout)
        error = wait_event_until(&nobody, is_one_pending, &wanted, clock_monotonic_ns() + ns);
    else
        error = wait_event(&nobody, is_one_pending, &wanted);
    state->awaited = 0;
    state->blocked = blocked;
    task_set_work(current(), WORK_SIGNAL);
    if (error || !signal_take(wanted, &found))
        return error == -ETIMEDOUT ? -EAGAIN : -EINTR;
    if (info && copy_to_user(info, &found, sizeof(found)))
        return -EFAULT;
    return found.si_signo;
}
