// SPDX-License-Identifier: MIT
/* The machine's names, and personality(2), which nothing goes by. */
#include <asm/errno.h>
#include <linux/capability.h>

#include "arch/mmu/usercopy.h"
#include "kernel/call/permission.h"
#include "kernel/call/syscall.h"
#include "kernel/call/uname.h"
#include "kernel/process/events.h"
#include "kernel/task/state.h"
#include "libc/include/string.h"

static int set_name(char name[static __NEW_UTS_LEN + 1], uintptr_t address, int length)
{
    char new[__NEW_UTS_LEN + 1] = "";

    if (!task_may(CAP_SYS_ADMIN))
        return -EPERM;
    if (length < 0 || length > __NEW_UTS_LEN)
        return -EINVAL;
    if (copy_from_user(new, address, (size_t)length))
        return -EFAULT;
    memcpy(name, new, sizeof(new));
    return 0;
}

SYSCALL2(sethostname, uintptr_t, address, int, length)
{
    return set_name(kernel_uname.nodename, address, length);
}

SYSCALL2(setdomainname, uintptr_t, address, int, length)
{
    return set_name(kernel_uname.domainname, address, length);
}

TASK_STATE(uint32_t, task_personality);

static int inherit(struct task *child, struct clone_request *request)
{
    (void)request;
    *task_state(child, task_personality) = *task_state(current(), task_personality);
    return 0;
}

ATTACH(thread_is_made, inherit);

/* 0xffffffff only asks. */
PARALLEL_SYSCALL1(personality, uint32_t, wanted)
{
    uint32_t *own = task_state(current(), task_personality);
    uint32_t old = *own;

    if (wanted != UINT32_MAX)
        *own = wanted;
    return old;
}
