// SPDX-License-Identifier: MIT
/*
 * The file system context of a process; umask.
 */
#include "fs/more/fs_context.h"

#include <stddef.h>

#include <asm/errno.h>
#include <linux/sched.h>

#include "fs/node/path.h"
#include "fs/open/open.h"
#include "kernel/call/syscall.h"
#include "kernel/file/file.h"
#include "kernel/process/events.h"
#include "kernel/start/events.h"
#include "kernel/task/state.h"
#include "kernel/task/task.h"
#include "mm/page/slab.h"

TASK_STATE(struct fs_context *, task_fs_context);

struct fs_context *fs_context_of(const struct task *task)
{
    return *task_state(task, task_fs_context);
}

static void set_context(struct task *task, struct fs_context *context)
{
    *task_state(task, task_fs_context) = context;
}

static void give_first(struct process *process)
{
    /* One reference is the variable's: it is never freed. */
    static struct fs_context first = {
        .references = 1, .lock.name = "fs context", .umask = UMASK_FIRST};

    first.references++;
    set_context(process->leader, &first);
}
ATTACH(first_program_is_made, give_first);

/* A copy with one reference, or NULL when memory is out. */
static struct fs_context *copy_of(struct fs_context *context)
{
    struct fs_context *copy = kzalloc(sizeof(*copy));

    if (copy) {
        copy->references = 1;
        copy->lock.name = context->lock.name;
        copy->directory = fs_context_directory(context);
        copy->umask = context->umask;
    }
    return copy;
}

static int give_to_child(struct task *child, struct clone_request *request)
{
    struct fs_context *context = fs_context_of(current());

    if (!context) /* tests in ring 0 make tasks that have none */
        return 0;
    if (request->flags & CLONE_FS)
        context->references++;
    else
        context = copy_of(context);
    set_context(child, context);
    return context ? 0 : -ENOMEM;
}
ATTACH(thread_is_made, give_to_child);

static void put(struct fs_context *context)
{
    if (--context->references)
        return;
    if (context->directory)
        file_put(context->directory);
    kfree(context);
}

static void take_back(struct task *task)
{
    if (fs_context_of(task))
        put(fs_context_of(task));
    set_context(task, NULL);
}
ATTACH(thread_gives_back, take_back);

int fs_context_unshare(void)
{
    struct fs_context *shared = fs_context_of(current());

    if (shared->references == 1)
        return 0;
    struct fs_context *copy = copy_of(shared);
    if (!copy)
        return -ENOMEM;
    set_context(current(), copy);
    put(shared);
    return 0;
}

struct file *fs_context_directory(struct fs_context *context)
{
    struct file *directory;

    spin_lock(&context->lock);
    directory = context->directory;
    if (directory)
        file_get(directory);
    spin_unlock(&context->lock);
    return directory;
}

void fs_context_change_directory(struct fs_context *context, struct file *directory)
{
    struct file *old;

    spin_lock(&context->lock);
    old = context->directory;
    context->directory = directory;
    spin_unlock(&context->lock);
    if (old)
        file_put(old);
}

struct node *working_directory(void)
{
    struct file *file = fs_context_directory(fs_context_of(current()));
    struct node *node = file ? file->node : path_root;

    node_get(node);
    if (file)
        file_put(file);
    return node;
}

unsigned int task_umask(void)
{
    return fs_context_of(current())->umask;
}

SYSCALL1(umask, unsigned int, mask)
{
    return __atomic_exchange_n(&fs_context_of(current())->umask, mask & 0777, __ATOMIC_RELAXED);
}
