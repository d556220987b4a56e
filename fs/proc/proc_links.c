// SPDX-License-Identifier: MIT
/*
 * /proc/PID/exe, cwd and root, and what they have in common with those of fd: links that lead to a
 * process's files. Their text is for people; whoever follows one comes to the file itself, deleted
 * or without a name as it may be.
 */
#include <asm/errno.h>
#include <linux/limits.h>

#include "fs/more/fs_context.h"
#include "fs/more/node_more.h"
#include "fs/more/node_path.h"
#include "fs/more/status.h"
#include "fs/node/node.h"
#include "fs/node/path.h"
#include "fs/open/open.h"
#include "fs/proc/proc.h"
#include "fs/proc/proc_program.h"
#include "kernel/call/permission.h"
#include "kernel/file/file.h"
#include "kernel/task/task.h"
#include "kernel/user/credentials.h"
#include "libc/core/format.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"

#define TEXT_MAX 64 /* of what has no path */

/* ---- what an open file without a name leads to: a node made for the occasion ---- */

struct file_node {
    struct node node;
    struct file *file; /* with a reference */
};

static struct file_node *file_node(struct node *node)
{
    return container_of(node, struct file_node, node);
}

static int reopen(struct node *node, struct file *made)
{
    struct file *file = file_node(node)->file;
    int error = file->operations->reopen ? file->operations->reopen(file, made) : -ENXIO;

    if (!error) { /* the new file has no node either: its locks are its own */
        made->node = NULL;
        node_put(node);
    }
    return error;
}

static void status(struct node *node, struct stat *result)
{
    file_status(file_node(node)->file, result);
}

static void release(struct node *node)
{
    file_put(file_node(node)->file);
    kfree(file_node(node));
}

static const struct node_operations file_node_operations = {
    .open = reopen,
    .more = &(const struct node_more){.status = status},
    .release = release,
};

int proc_create_file_node(struct file *file, struct node **node)
{
    struct file_node *made = kzalloc(sizeof(*made));
    struct stat stat;

    if (!made) {
        file_put(file);
        return -ENOMEM;
    }
    file_status(file, &stat);
    node_init(&made->node, &file_node_operations, stat.st_mode, &nameless_file_system);
    made->node.links = stat.st_nlink;
    TELL(node_is_made, &made->node, NULL); /* the way here is guarded, the file is not */
    made->file = file;
    *node = &made->node;
    return 0;
}

/* ---- the text of all of them: the path of what follow() gives ---- */

/* As Linux names what has no path: by its kind and its number. */
static long describe(struct node *node, char *text)
{
    struct stat stat;

    file_status(file_node(node)->file, &stat);
    const char *kind = S_ISFIFO(stat.st_mode)   ? "pipe"
                       : S_ISSOCK(stat.st_mode) ? "socket"
                                                : "anon_inode";

    return snprintf(text, TEXT_MAX, "%s:[%lu]", kind, stat.st_ino);
}

long proc_read_link(struct node *node, char *buffer, size_t size)
{
    char *text = kmalloc(PATH_MAX);
    struct node *target;
    long length;

    if (!text)
        return -ENOMEM;
    length = node->operations->follow(node, &target);
    if (!length) {
        if (target->operations == &file_node_operations)
            length = describe(target, text);
        else
            length = node_path(target, text, PATH_MAX);
        node_put(target);
    }
    if (length > (long)size)
        length = size;
    if (length > 0)
        memcpy(buffer, text, length);
    kfree(text);
    return length;
}

int proc_find_traceable(const struct pseudo_node *node, const struct task **task)
{
    *task = proc_task(node);
    if (!*task)
        return -ENOENT;
    return task_may_trace(*task) ? 0 : -EACCES;
}

/* ---- exe, cwd, root ---- */

static int follow_exe(struct node *node, struct node **target)
{
    const struct task *task;
    int error = proc_find_traceable(pseudo_node(node), &task);

    if (error)
        return error;
    if (!program_of(task->process)->file)
        return -ENOENT;
    *target = program_of(task->process)->file->node;
    node_get(*target);
    return 0;
}

static int follow_cwd(struct node *node, struct node **target)
{
    const struct task *task;
    struct file *file;
    int error = proc_find_traceable(pseudo_node(node), &task);

    if (error)
        return error;
    if (!fs_context_of(task))
        return -ENOENT;
    file = fs_context_directory(fs_context_of(task));
    *target = file ? file->node : path_root;
    node_get(*target);
    if (file)
        file_put(file);
    return 0;
}

static int follow_root(struct node *node, struct node **target)
{
    const struct task *task;
    int error = proc_find_traceable(pseudo_node(node), &task);

    if (error)
        return error;
    if (!fs_context_of(task))
        return -ENOENT;
    *target = path_root;
    node_get(*target);
    return 0;
}

const struct node_operations proc_exe_operations = {
    .read_link = proc_read_link,
    .follow = follow_exe,
    .release = pseudo_release,
};

const struct node_operations proc_cwd_operations = {
    .read_link = proc_read_link,
    .follow = follow_cwd,
    .release = pseudo_release,
};

const struct node_operations proc_root_operations = {
    .read_link = proc_read_link,
    .follow = follow_root,
    .release = pseudo_release,
};
