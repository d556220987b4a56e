// SPDX-License-Identifier: MIT
/* System calls on signals; kernel/signal_frame.c has sigaltstack and rt_sigreturn. */
#include "arch/clock.h"
#include "arch/usercopy.h"
#include "kernel/pidfd.h"
#include "kernel/signal.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/time.h"
#include "libc/include/string.h"
#include "mm/address_space.h"

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
    if (new_action && policy_denies_handlers(&current()->space->policies))
        return -EACCES;
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
    signal_set_blocked(blocked);
    wait_event(&nobody, never, NULL);
    return -ERESTARTNOHAND;
}

SYSCALL0(pause)
{
    struct wait_queue nobody = WAIT_QUEUE_INIT(nobody);

    wait_event(&nobody, never, NULL);
    return -ERESTARTNOHAND;
}

/* ---- sending ---- */

static siginfo_t info_from_user(int signal, int code)
{
    siginfo_t info = {.si_signo = signal, .si_code = code};

    info.si_pid = current_process()->pid;
    info.si_uid = current()->credentials.user.real;
    return info;
}

/* Linux's order: whom a signal is for is looked at before the signal, and then who sends it. */
static int check(const struct task *task, int signal)
{
    if (!task)
        return -ESRCH;
    if (signal < 0 || signal > SIGNAL_COUNT)
        return -EINVAL;
    if (signal == SIGCONT && task->process->sid == current_process()->sid)
        return 0;
    return credentials_may_signal(task) ? 0 : -EPERM;
}

/* Sends to a task's process, or only asks whether it is there (signal 0). */
static int send_to_process(struct task *task, const siginfo_t *info, int signal)
{
    int error = check(task, signal);

    return error || !signal ? error : signal_send_process_by(task, info);
}

/* It is enough if one of the group gets it. */
static int send_to_group(int pgid, const siginfo_t *info, int signal)
{
    struct process *process;
    int result = -ESRCH;
    bool is_sent = false;

    TAILQ_FOREACH (process, &all_processes, all_link) {
        if (process->pgid != pgid)
            continue;
        result = send_to_process(process->leader, info, signal);
        is_sent |= !result;
    }
    return is_sent ? 0 : result;
}

/* To all but the caller and the first program; those that it may not send to do not matter. */
static int send_to_all(const siginfo_t *info, int signal)
{
    struct process *process;
    int result = 0;
    bool is_alone = true;

    TAILQ_FOREACH (process, &all_processes, all_link) {
        if (process->pid <= 1 || process == current_process())
            continue;
        int error = send_to_process(process->leader, info, signal);
        if (error != -EPERM)
            result = error;
        is_alone = false;
    }
    return is_alone ? -ESRCH : result;
}

/* A process may be called by any of its threads' numbers, as on Linux. */
SYSCALL2(kill, int, pid, int, signal)
{
    siginfo_t info = info_from_user(signal, SI_USER);

    if (pid > 0)
        return send_to_process(task_find(pid), &info, signal);
    if (pid == -1)
        return send_to_all(&info, signal);
    if (pid == INT32_MIN)
        return -ESRCH;
    return send_to_group(pid ? -pid : current_process()->pgid, &info, signal);
}

/* tgid: the process that the thread must belong to, or 0. */
static int send_to_thread(int tgid, int tid, const siginfo_t *info, int signal)
{
    struct task *task = task_find(tid);

    if (task && tgid && task->process->pid != tgid)
        task = NULL;
    int error = check(task, signal);
    return error || !signal ? error : signal_send_info(task, info);
}

SYSCALL3(tgkill, int, tgid, int, tid, int, signal)
{
    siginfo_t info = info_from_user(signal, SI_TKILL);

    return tgid <= 0 || tid <= 0 ? -EINVAL : send_to_thread(tgid, tid, &info, signal);
}

SYSCALL2(tkill, int, tid, int, signal)
{
    siginfo_t info = info_from_user(signal, SI_TKILL);

    return tid <= 0 ? -EINVAL : send_to_thread(0, tid, &info, signal);
}

/* ---- queued signals, and waiting for one without a handler ---- */

#define INFO_SIZE 48 /* bytes of siginfo_t that mean anything; what is behind them reads as 0 */

/* The last of the codes that mean something of a signal. */
static int last_code(int signal)
{
    switch (signal) {
    case SIGILL:
        return NSIGILL;
    case SIGFPE:
        return NSIGFPE;
    case SIGSEGV:
        return NSIGSEGV;
    case SIGBUS:
        return NSIGBUS;
    case SIGTRAP:
        return NSIGTRAP;
    case SIGSYS:
        return NSIGSYS;
    default:
        return NSIGCHLD; /* as many as NSIGPOLL, which Linux takes for signals without codes */
    }
}

static bool has_known_code(const siginfo_t *info)
{
    if (info->si_code > 0)
        return info->si_code == SI_KERNEL || info->si_code <= last_code(info->si_signo);
    return info->si_code >= SI_DETHREAD || info->si_code == SI_ASYNCNL;
}

/* Behind them a program may have put something only where it is known to mean nothing. */
static bool has_unknown_part(const siginfo_t *info)
{
    const char *bytes = (const char *)info;

    if (has_known_code(info))
        return false;
    for (size_t i = INFO_SIZE; i < sizeof(*info); i++)
        if (bytes[i])
            return true;
    return false;
}

static int read_info(siginfo_t *info, int signal, uintptr_t address)
{
    if (copy_from_user(info, address, sizeof(*info)))
        return -EFAULT;
    info->si_signo = signal;
    if (has_unknown_part(info))
        return -E2BIG;
    memset((char *)info + INFO_SIZE, 0, sizeof(*info) - INFO_SIZE);
    return 0;
}

/* A siginfo from a program may not claim to be the kernel's, unless it goes to itself. */
static bool is_forged(const siginfo_t *info, int tid)
{
    return (info->si_code >= 0 || info->si_code == SI_TKILL) && tid != current()->tid;
}

SYSCALL3(rt_sigqueueinfo, int, pid, int, signal, uintptr_t, address)
{
    siginfo_t info;
    int error = read_info(&info, signal, address);

    if (error)
        return error;
    return is_forged(&info, pid) ? -EPERM : send_to_process(task_find(pid), &info, signal);
}

SYSCALL4(rt_tgsigqueueinfo, int, tgid, int, tid, int, signal, uintptr_t, address)
{
    siginfo_t info;
    int error = read_info(&info, signal, address);

    if (!error && (tgid <= 0 || tid <= 0))
        error = -EINVAL;
    if (error)
        return error;
    return is_forged(&info, tid) ? -EPERM : send_to_thread(tgid, tid, &info, signal);
}

/* What pidfd_send_signal() may be told to reach instead of the process; not in uapi of 6.1. */
#define PIDFD_SIGNAL_THREAD        1u
#define PIDFD_SIGNAL_THREAD_GROUP  2u
#define PIDFD_SIGNAL_PROCESS_GROUP 4u

static int send_by_pidfd(int pid, const siginfo_t *info, int signal, unsigned int to)
{
    if (to == PIDFD_SIGNAL_THREAD)
        return send_to_thread(0, pid, info, signal);
    if (to == PIDFD_SIGNAL_PROCESS_GROUP)
        return send_to_group(pid, info, signal);
    return send_to_process(task_find(pid), info, signal);
}

/* The signal that a siginfo is for, which it begins with, and the one that is sent are the same. */
static int read_info_of(siginfo_t *info, int signal, uintptr_t address)
{
    int error;

    if (copy_from_user(&info->si_signo, address, sizeof(info->si_signo)))
        return -EFAULT;
    error = read_info(info, info->si_signo, address);
    return !error && info->si_signo != signal ? -EINVAL : error;
}

SYSCALL4(pidfd_send_signal, int, fd, int, signal, uintptr_t, address, unsigned int, to)
{
    siginfo_t info = info_from_user(signal, SI_USER);
    struct process *process;
    unsigned int flags;

    if (to > PIDFD_SIGNAL_PROCESS_GROUP || (to & (to - 1)))
        return -EINVAL;
    int error = pidfd_get(fd, &process, &flags);
    if (!error && address)
        error = read_info_of(&info, signal, address);
    if (error)
        return error;
    int pid = process ? process->pid : 0;
    if (address && is_forged(&info, to == PIDFD_SIGNAL_PROCESS_GROUP ? 0 : pid))
        return -EPERM;
    return process ? send_by_pidfd(pid, &info, signal, to) : -ESRCH;
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
    wanted &= ~SIGNALS_NEVER_BLOCKED;
    /* While it waits they are not blocked, so that their coming wakes it. */
    state->awaited = wanted & blocked;
    state->blocked &= ~wanted;
    if (timeout)
        error = wait_event_until(&nobody, is_one_pending, &wanted, clock_monotonic_ns() + ns);
    else
        error = wait_event(&nobody, is_one_pending, &wanted);
    state->awaited = 0;
    signal_set_blocked(blocked);
    if (error || !signal_take(wanted, &found))
        return error == -ETIMEDOUT ? -EAGAIN : -EINTR;
    if (info && copy_to_user(info, &found, sizeof(found)))
        return -EFAULT;
    return found.si_signo;
}
