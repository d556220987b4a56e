// SPDX-License-Identifier: MIT
/* System calls on the running task: who it is, its registers, and where it runs. */
#include <asm/prctl.h>
#include <linux/capability.h>

#include "arch/clock.h"
#include "arch/cpu.h"
#include "arch/usercopy.h"
#include "kernel/random.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/uname.h"
#include "libc/include/string.h"
#include "mm/address_space.h"
#include "mm/page.h"

/* ---- who ---- */

PARALLEL_SYSCALL0(getpid)
{
    return current_process()->pid;
}

/* 0xffffffff only asks. */
PARALLEL_SYSCALL1(personality, uint32_t, wanted)
{
    uint32_t old = current()->personality;

    if (wanted != UINT32_MAX)
        current()->personality = wanted;
    return old;
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

/* Optional (rseq(2)): both C libraries do without, so the answer is given without a note. */
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
    bool live = cpu_state.cr4 & CR4_FSGSBASE; /* then only the CPU knows the bases */
    uint64_t base;

    switch (code) {
    case ARCH_SET_FS:
        if (!segment_base_ok(address))
            return -EPERM;
        task->fs_base = address;
        wrmsr(MSR_FS_BASE, address);
        return 0;
    case ARCH_SET_GS:
        if (!segment_base_ok(address))
            return -EPERM;
        task->gs_base = address;
        wrmsr(MSR_KERNEL_GS_BASE, address);
        return 0;
    case ARCH_GET_FS:
        base = live ? rdmsr(MSR_FS_BASE) : task->fs_base;
        return copy_to_user(address, &base, sizeof(base)) ? -EFAULT : 0;
    case ARCH_GET_GS:
        base = live ? rdmsr(MSR_KERNEL_GS_BASE) : task->gs_base;
        return copy_to_user(address, &base, sizeof(base)) ? -EFAULT : 0;
    default:
        return -EINVAL;
    }
}

/* ---- the machine ---- */

struct new_utsname kernel_uname = {
    .sysname = "Linux",
    .nodename = "latchkey",
    .release = "6.12.0-latchkey",
    .version = "Latchkey",
    .machine = "x86_64",
    .domainname = "(none)",
};

SYSCALL1(uname, uintptr_t, address)
{
    return copy_to_user(address, &kernel_uname, sizeof(kernel_uname)) ? -EFAULT : 0;
}

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

#define GETRANDOM_FLAGS 7u /* GRND_NONBLOCK, GRND_RANDOM, GRND_INSECURE */

SYSCALL3(getrandom, uintptr_t, buffer, size_t, size, unsigned int, flags)
{
    char piece[256];
    size_t done = 0;

    if (flags & ~GETRANDOM_FLAGS)
        return -EINVAL;
    while (done < size) {
        size_t count = size - done < sizeof(piece) ? size - done : sizeof(piece);
        random_bytes(piece, count);
        if (copy_to_user(buffer + done, piece, count))
            return done ? (long)done : -EFAULT;
        done += count;
    }
    return (long)done;
}
