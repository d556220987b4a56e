// SPDX-License-Identifier: MIT
/* Signals with a siginfo of the sender's own. */
#include <asm/errno.h>

#include "arch/mmu/usercopy.h"
#include "kernel/call/syscall.h"
#include "kernel/more/siginfo.h"
#include "kernel/signal/signal.h"
#include "kernel/task/task.h"
#include "libc/include/string.h"

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

int signal_read_info(siginfo_t *info, int signal, uintptr_t address)
{
    if (copy_from_user(info, address, sizeof(*info)))
        return -EFAULT;
    info->si_signo = signal;
    if (has_unknown_part(info))
        return -E2BIG;
    memset((char *)info + INFO_SIZE, 0, sizeof(*info) - INFO_SIZE);
    return 0;
}

bool signal_is_forged(const siginfo_t *info, int tid)
{
    return (info->si_code >= 0 || info->si_code == SI_TKILL) && tid != current()->tid;
}

SYSCALL3(rt_sigqueueinfo, int, pid, int, signal, uintptr_t, address)
{
    siginfo_t info;
    int error = signal_read_info(&info, signal, address);

    if (error)
        return error;
    return signal_is_forged(&info, pid) ? -EPERM
                                        : signal_send_to_process(task_find(pid), &info, signal);
}

SYSCALL4(rt_tgsigqueueinfo, int, tgid, int, tid, int, signal, uintptr_t, address)
{
    siginfo_t info;
    int error = signal_read_info(&info, signal, address);

    if (!error && (tgid <= 0 || tid <= 0))
        error = -EINVAL;
    if (error)
        return error;
    return signal_is_forged(&info, tid) ? -EPERM : signal_send_to_thread(tgid, tid, &info, signal);
}

SYSCALL2(tkill, int, tid, int, signal)
{
    siginfo_t info = signal_info_from_user(signal, SI_TKILL);

    return tid <= 0 ? -EINVAL : signal_send_to_thread(0, tid, &info, signal);
}
