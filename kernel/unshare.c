// SPDX-License-Identifier: MIT
#include "kernel/unshare.h"

#include <linux/sched.h>

#include "kernel/file.h"
#include "kernel/fs_context.h"
#include "kernel/process.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "mm/address_space.h"

/* Nobody but this task can make more of one reference. */
static bool is_shared(const uint32_t *references)
{
    return __atomic_load_n(references, __ATOMIC_ACQUIRE) > 1;
}

int unshare_files(void)
{
    struct file_table *old = current()->files;

    if (!is_shared(&old->references))
        return 0;
    struct file_table *copy = file_table_copy(old);
    if (!copy)
        return -ENOMEM;
    current()->files = copy;
    file_table_put(old);
    return 0;
}

int unshare_actions(void)
{
    struct process *process = current_process();
    struct signal_actions *old = process->actions;

    if (!is_shared(&old->references))
        return 0;
    struct signal_actions *copy = signal_actions_copy(old);
    if (!copy)
        return -ENOMEM;
    process->actions = copy;
    signal_actions_put(old);
    return 0;
}

static int unshare_fs_context(void)
{
    struct fs_context *old = current()->fs;

    if (!is_shared(&old->references))
        return 0;
    struct fs_context *copy = fs_context_copy(old);
    if (!copy)
        return -ENOMEM;
    current()->fs = copy;
    fs_context_put(old);
    return 0;
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
        error = unshare_fs_context();
    return error;
}
