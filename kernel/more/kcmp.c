// SPDX-License-Identifier: MIT
/* kcmp: whether two tasks share something, and an order of what they have, to sort it by. */
#include <asm/errno.h>
#include <linux/kcmp.h>

#include "fs/more/fs_context.h"
#include "kernel/call/permission.h"
#include "kernel/call/syscall.h"
#include "kernel/file/file.h"
#include "kernel/task/task.h"

/* 0: the same; 1 and 2: before and after, in an order that stays while both are there. */
static long compare(const void *one, const void *other)
{
    if (one == other)
        return 0;
    return one < other ? 1 : 2;
}

static struct file *file_of(const struct task *task, uintptr_t fd)
{
    if (!task->files || fd >= FILES_MAX)
        return NULL;
    return file_table_get(task->files, (int)fd);
}

static long compare_files(const struct task *one, uintptr_t one_fd, const struct task *other,
                          uintptr_t other_fd)
{
    struct file *first = file_of(one, one_fd), *second = file_of(other, other_fd);
    long result = first && second ? compare(first, second) : -EBADF;

    if (first)
        file_put(first);
    if (second)
        file_put(second);
    return result;
}

SYSCALL5(kcmp, int, pid1, int, pid2, int, type, uintptr_t, fd1, uintptr_t, fd2)
{
    const struct task *one = task_find(pid1), *other = task_find(pid2);

    if (!one || !other)
        return -ESRCH;
    if (!task_may_trace(one) || !task_may_trace(other))
        return -EPERM;
    switch (type) {
    case KCMP_FILE:
        return compare_files(one, fd1, other, fd2);
    case KCMP_VM:
        return compare(one->space, other->space);
    case KCMP_FILES:
        return compare(one->files, other->files);
    case KCMP_FS:
        return compare(fs_context_of(one), fs_context_of(other));
    case KCMP_SIGHAND:
        return compare(one->process->actions, other->process->actions);
    case KCMP_IO: /* these two nobody has */
    case KCMP_SYSVSEM:
        return 0;
    default:
        return -EINVAL;
    }
}
