// SPDX-License-Identifier: MIT
/*
 * O_ASYNC: a file tells its owner by SIGIO that there is something to read.
 *
 * The poller looks at these files when any file in the system was made ready. So SIGIO comes up to
 * a tick later than on Linux, and may come again for bytes that nobody has read yet.
 */
#include "fs/more/async.h"

#include <asm/errno.h>
#include <asm/poll.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include <bsd/sys/queue.h>

#include "arch/mmu/usercopy.h"
#include "fs/more/events.h"
#include "fs/more/status.h"
#include "kernel/file/file.h"
#include "kernel/process/events.h"
#include "kernel/signal/signal.h"
#include "kernel/task/poller.h"
#include "kernel/task/state.h"
#include "kernel/task/task.h"

/* Of a file that was given an owner, or O_ASYNC. */
struct async_state {
    LIST_ENTRY(async_state) link;
    struct file *file; /* whose state this is; NULL: not in the list */
    int owner;         /* a process; 0: nobody */
    bool may_tell;     /* whoever named the owner could have sent it a signal */
};

static FILE_STATE(struct async_state, file_async);
static LIST_HEAD(, async_state) async_files = LIST_HEAD_INITIALIZER(async_files);

static struct async_state *async_of(struct file *file)
{
    struct async_state *async = file_state(file, file_async);

    if (!async->file) {
        async->file = file;
        LIST_INSERT_HEAD(&async_files, async, link);
    }
    return async;
}

static void forget(struct file *file, const void *owner)
{
    struct async_state *async = file_state(file, file_async);

    if (owner == file && async->file)
        LIST_REMOVE(async, link);
}

ATTACH(file_is_released, forget);

/* Its number may be given out again. */
static void lose_owner(struct process *process)
{
    struct async_state *async;

    LIST_FOREACH (async, &async_files, link)
        if (async->owner == process->pid)
            async->owner = 0;
}

ATTACH(process_is_freed, lose_owner);

/* ---- telling ---- */

/* How often the signal itself woke those who wait for files: once, if it was not ignored. */
static uint64_t tell_owner(struct async_state *async)
{
    struct process *owner = async->may_tell ? process_find(async->owner) : NULL;
    uint64_t before = __atomic_load_n(&file_wakes, __ATOMIC_RELAXED);

    if (!owner || !(async->file->operations->poll(async->file) & (POLLIN | POLLHUP | POLLERR)))
        return 0;
    signal_send_process(owner, SIGIO);
    return before != __atomic_load_n(&file_wakes, __ATOMIC_RELAXED);
}

static void tell_owners(struct poller_turn *turn)
{
    static uint64_t seen;
    uint64_t wakes = __atomic_load_n(&file_wakes, __ATOMIC_RELAXED);
    struct async_state *async;

    (void)turn;
    if (wakes == seen)
        return;
    seen = wakes;
    LIST_FOREACH (async, &async_files, link)
        if (async->file->flags & FASYNC)
            seen += tell_owner(async);
}

ATTACH(poller_turn, tell_owners);

/* ---- what programs ask for ---- */

/* Pipes, sockets and terminals, as on Linux. */
static bool can_tell(struct file *file)
{
    struct stat status;

    if (!file->operations->poll || file_status(file, &status))
        return false;
    return S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || S_ISCHR(status.st_mode);
}

long async_set(struct file *file, bool on)
{
    if (!on == !(file->flags & FASYNC))
        return 0;
    if (!can_tell(file))
        return -ENOTTY;
    async_of(file);
    file->flags ^= FASYNC;
    return 0;
}

static long set_owner(struct file *file, int pid)
{
    siginfo_t nothing = {0};

    if (pid < 0) /* a group: not supported */
        return -EINVAL;
    if (pid && !process_find(pid))
        return -ESRCH;
    async_of(file)->owner = pid;
    async_of(file)->may_tell = pid && !signal_send_to_process(task_find(pid), &nothing, 0);
    return 0;
}

static long put_owner(struct file *file, uintptr_t argument)
{
    const struct f_owner_ex owner = {.type = F_OWNER_PID, .pid = async_of(file)->owner};

    return copy_to_user(argument, &owner, sizeof(owner)) ? -EFAULT : 0;
}

static int command(const struct file_command *command, long *result)
{
    switch (command->number) {
    case F_SETOWN:
        *result = set_owner(command->file, (int)command->argument);
        return 1;
    case F_GETOWN:
        *result = async_of(command->file)->owner;
        return 1;
    case F_GETOWN_EX:
        *result = put_owner(command->file, command->argument);
        return 1;
    default:
        return 0;
    }
}

ATTACH(file_is_commanded, command);
