// SPDX-License-Identifier: MIT
/*
 * /proc: the root directory, whose entries are those of its table and the processes' numbers.
 */
#include "fs/proc/proc.h"

#include <asm/errno.h>
#include <linux/magic.h>

#include "fs/more/mount.h"
#include "fs/more/node_more.h"
#include "fs/root/root.h"
#include "kernel/task/task.h"
#include "kernel/user/credentials.h"
#include "libc/include/string.h"

static const struct pseudo_entry process = {
    .mode = S_IFDIR | 0555,
    .operations = &pseudo_directory_operations,
    .entries = proc_process_entries,
};

struct task *proc_task(const struct pseudo_node *node)
{
    struct task *task = task_find(node->pid);

    return task && task->process->started_ns == node->started_ns ? task : NULL;
}

/* What tells of a process is its user's, unless nobody is to see what it does. */
static void own_directory(struct node *node, const struct task *task)
{
    if (control_of(task->process)->is_not_dumpable)
        return;
    node->user = credentials_of(task)->user.effective;
    node->group = credentials_of(task)->group.effective;
}

static int lookup(struct node *directory, const struct node_name *name, struct node **child)
{
    struct task *task;
    int error = pseudo_lookup(directory, name, child);
    int pid;

    if (error != -ENOENT || !pseudo_parse_number(name, &pid))
        return error;
    task = task_find(pid);
    if (!task)
        return -ENOENT;
    error = pseudo_create_numbered(directory, &process, pid, child);
    if (!error) {
        pseudo_node(*child)->pid = pid;
        pseudo_node(*child)->started_ns = task->process->started_ns;
        own_directory(*child, task);
    }
    return error;
}

/* The lowest number of a process that is at least this one; 0 when there is none. */
static int next_pid(uint64_t from)
{
    const struct task *task;
    int next = 0;

    TAILQ_FOREACH (task, &all_tasks, all_link)
        if ((uint64_t)task->process->pid >= from && (!next || task->process->pid < next))
            next = task->process->pid;
    return next;
}

static void list(struct node *directory, uint64_t *position, struct directory_buffer *buffer)
{
    uint64_t end = pseudo_list_end(directory);
    int pid;

    pseudo_list(directory, position, buffer);
    while (*position >= end && (pid = next_pid(*position - end)))
        if (!pseudo_list_number(directory, &process, pid, position, buffer))
            return;
}

static const struct node_operations root_operations = {
    .lookup = lookup,
    .more = &(const struct node_more){.list = list},
    .release = pseudo_release,
};

static int mount(struct node *root)
{
    static const struct pseudo_entry top = {
        .mode = S_IFDIR | 0555,
        .operations = &root_operations,
        .entries = proc_system_entries,
    };
    /* A name that cannot be made is one that is not there. */
    static const struct file_system proc = {
        .device = PSEUDO_PROC,
        .magic = PROC_SUPER_MAGIC,
        .refusal = -ENOENT,
    };

    return fs_mount(root, "proc", pseudo_create_root(&top, &proc));
}
ATTACH(root_is_made, mount);
