// SPDX-License-Identifier: MIT
/* unshare(2): a task leaves what it shares with other tasks. */
#include <linux/sched.h>

#include "fs/more/fs_context.h"
#include "kernel/call/syscall.h"
#include "kernel/file/file.h"
#include "kernel/task/process.h"
#include "kernel/task/task.h"
#include "mm/space/address_space.h"

/* Nobody but this task can make more of one reference. */
static bool is_shared(const uint32_t *references)
{
    return __atomic_load_n(references, __ATOMIC_ACQUIRE) > 1;
}

/* Memory and signal actions are not taken apart: they may be named where nobody shares them. */
static bool may_unshare(uint64_t flags)
{
    const uint64_t together = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM;
    const struct process *process = current_process();

    if (flags & ~(together | CLONE_FILES | CLONE_FS | CLONE_SYSVSEM))
        return false;
    if ((flags & together) && process->live_threads > 1)
        return false;
    if ((flags & (CLONE_SIGHAND | CLONE_VM)) && is_shared(&process->actions->references))
        return false;
    return !(flags & CLONE_VM) || !is_shared(&current()->space->references);
}

SYSCALL1(unshare, uint64_t, flags)
{
    if (!may_unshare(flags))
        return -EINVAL;
    int error = flags & CLONE_FILES ? unshare_files() : 0;
    if (!error && (flags & CLONE_FS))
        error = fs_context_unshare();
    return error;
}
