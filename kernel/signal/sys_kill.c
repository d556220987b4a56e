// SPDX-License-Identifier: MIT
/* System calls that send signals. */
#include <asm/errno.h>

#include "kernel/call/permission.h"
#include "kernel/call/syscall.h"
#include "kernel/signal/signal.h"
#include "kernel/task/process.h"
#include "kernel/task/task.h"

siginfo_t signal_info_from_user(int signal, int code)
{
    siginfo_t info = {.si_signo = signal, .si_code = code};

    info.si_pid = current_process()->pid;
    info.si_uid = task_real_user(current());
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
    return permission_rules()->may_signal(task) ? 0 : -EPERM;
}

/* Sends to a task's process, or only asks whether it is there (signal 0). */
int signal_send_to_process(struct task *task, const siginfo_t *info, int signal)
{
    int error = check(task, signal);

    return error || !signal ? error : signal_send_process_info(task, info);
}

/* A process may be called by any of its threads' numbers, as on Linux. */
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
