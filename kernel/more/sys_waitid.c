// SPDX-License-Identifier: MIT
/* waitid: what wait4 does, with a siginfo for a status, and by a pidfd. */
#include <stddef.h>

#include <linux/types.h>
#include <linux/wait.h>

#include "arch/mmu/usercopy.h"
#include "kernel/call/syscall.h"
#include "kernel/more/pidfd.h"
#include "kernel/process/wait.h"
#include "kernel/task/task.h"

#define INFO_SIZE (offsetof(siginfo_t, si_status) + sizeof(int)) /* the rest is left as it was */

/* Of zeros when there is nobody to tell of, or an error. */
static int put_child_info(uintptr_t address, const struct wait_request *request)
{
    siginfo_t info = {0};

    if (request->found) {
        info.si_signo = SIGCHLD;
        info.si_code = request->code;
        info.si_pid = request->pid;
        info.si_uid = request->user;
        info.si_status = request->code == CLD_EXITED      ? request->status >> 8 & 0xff
                         : request->code == CLD_CONTINUED ? SIGCONT
                         : request->code == CLD_STOPPED || request->code == CLD_TRAPPED
                             ? request->status >> 8
                             : request->status & 0x7f;
    }
    return address && copy_to_user(address, &info, INFO_SIZE) ? -EFAULT : 0;
}

#define WAITID_OPTIONS \
    (WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | __WNOTHREAD | __WALL | (int)__WCLONE)

static int check_waitid(struct wait_request *request, bool *is_refused)
{
    if ((request->options & ~WAITID_OPTIONS) ||
        !(request->options & (WEXITED | WSTOPPED | WCONTINUED)))
        return -EINVAL;
    if (request->type == P_PIDFD && request->id >= 0)
        return pidfd_choose_waited_for(request, is_refused);
    if ((request->type == P_PID && request->id <= 0) ||
        (request->type == P_PGID && request->id < 0) ||
        (request->type != P_ALL && request->type != P_PID && request->type != P_PGID))
        return -EINVAL;
    if (request->type == P_PGID && request->id == 0)
        request->id = current_process()->pgid;
    return 0;
}

SYSCALL5(waitid, int, type, int, id, uintptr_t, info, int, options, uintptr_t, usage)
{
    struct wait_request request = {.type = type, .id = id, .options = options, .usage = usage};
    bool is_refused = false;
    long result = check_waitid(&request, &is_refused);

    if (!result)
        result = wait_for_child(&request);
    if (!result && is_refused)
        result = -EAGAIN;
    if (result > 0 && request.usage_failed)
        return -EFAULT;
    if (put_child_info(info, &request))
        return -EFAULT;
    return result < 0 ? result : 0;
}
