// SPDX-License-Identifier: MIT
/* System calls on the running task: who it is, and its registers. */
#include <asm/prctl.h>

#include "arch/cpu/cpu.h"
#include "arch/mmu/usercopy.h"
#include "kernel/call/syscall.h"
#include "kernel/keys/rights.h"
#include "kernel/task/task.h"
#include "libc/include/string.h"
#include "mm/page/page.h"
#include "mm/space/address_space.h"

/* ---- who ---- */

PARALLEL_SYSCALL0(getpid)
{
    return current_process()->pid;
}

PARALLEL_SYSCALL0(gettid)
{
    return current()->tid;
}

PARALLEL_SYSCALL0(getppid)
{
    return __atomic_load_n(&current_process()->parent_pid, __ATOMIC_RELAXED);
}

SYSCALL1(set_tid_address, uintptr_t, address)
{
    current()->clear_child_tid = address;
    current()->clear_child_tid_pkru = rights_now();
    return current()->tid;
}

/* rseq(2) is optional: both C libraries do without it. */
PARALLEL_SYSCALL0(rseq)
{
    return -ENOSYS;
}

PARALLEL_SYSCALL0(sched_yield)
{
    schedule();
    return 0;
}

/* ---- registers ---- */

PARALLEL_SYSCALL2(arch_prctl, int, code, uintptr_t, address)
{
    struct task *task = current();
    uint64_t *base = code == ARCH_SET_FS || code == ARCH_GET_FS ? &task->fs_base : &task->gs_base;

    switch (code) {
    case ARCH_SET_FS:
    case ARCH_SET_GS:
        if (!segment_base_ok(address))
            return -EPERM;
        task_save_bases(task);
        *base = address;
        task_load_bases(task);
        return 0;
    case ARCH_GET_FS:
    case ARCH_GET_GS:
        task_save_bases(task);
        return copy_to_user(address, base, sizeof(*base)) ? -EFAULT : 0;
    default:
        return -EINVAL;
    }
}
