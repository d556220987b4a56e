// SPDX-License-Identifier: MIT
/*
 * /proc/PID/exe, cwd, root and fd: links that lead to a process's files. Their text is for
 * people; whoever follows one comes to the file itself, deleted or without a name as it may be.
 * And fdinfo, a few lines about each of those of fd.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <linux/limits.h>

#include "fs/open.h"
#include "fs/path.h"
#include "fs/permission.h"
#include "fs/proc.h"
#include "kernel/credentials.h"
#include "kernel/file.h"
#include "kernel/fs_context.h"
#include "kernel/task.h"
#include "libc/include/stdio.h"
#include "libc/include/string.h"
#include "mm/slab.h"

#define TEXT_MAX 64 /* of what has no path */

/* ---- What an open file without a name leads to: a node made for the occasion ---- */

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
        made->locks = &made->own_locks;
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
    .status = status,
    .release = release,
};

/* Takes over the reference to the file. */
static int create_file_node(struct file *file, struct node **node)
{
    struct file_node *made = kzalloc(sizeof(*made));
    struct stat stat;

    if (!made) {
        file_put(file);
        return -ENOMEM;
    }
    file_status(file, &stat);
    node_init(&made->node, &file_node_operations, stat.st_mode, stat.st_dev);
    made->node.links = stat.st_nlink;
    own_new_node(&made->node, NULL); /* the way here is guarded, the file is not */
    made->file = file;
    *node = &made->node;
    return 0;
}

/* ---- The text of all of them: the path of what follow() gives ---- */

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

static long read_link(struct node *node, char *buffer, size_t size)
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

/*
 * The task whose files these are, for whoever may trace it, as on Linux: the permissions of the
 * folders above what a link leads to are not asked.
 */
static int find_traceable(const struct pseudo_node *node, const struct task **task)
{
    *task = proc_task(node);
    if (!*task)
        return -ENOENT;
    return credentials_may_trace(*task) ? 0 : -EACCES;
}

/* ---- exe, cwd, root ---- */

static int follow_exe(struct node *node, struct node **target)
{
    const struct task *task;
    int error = find_traceable(pseudo_node(node), &task);

    if (error)
        return error;
    if (!task->process->executable)
        return -ENOENT;
    *target = task->process->executable->node;
    node_get(*target);
    return 0;
}

static int follow_cwd(struct node *node, struct node **target)
{
    const struct task *task;
    struct file *file;
    int error = find_traceable(pseudo_node(node), &task);

    if (error)
        return error;
    if (!task->fs)
        return -ENOENT;
    file = fs_context_directory(task->fs);
    *target = file ? file->node : path_root;
    node_get(*target);
    if (file)
        file_put(file);
    return 0;
}

static int follow_root(struct node *node, struct node **target)
{
    const struct task *task;
    int error = find_traceable(pseudo_node(node), &task);

    if (error)
        return error;
    if (!task->fs)
        return -ENOENT;
    *target = path_root;
    node_get(*target);
    return 0;
}

const struct node_operations proc_exe_operations = {
    .read_link = read_link,
    .follow = follow_exe,
    .release = pseudo_release,
};

const struct node_operations proc_cwd_operations = {
    .read_link = read_link,
    .follow = follow_cwd,
    .release = pseudo_release,
};

const struct node_operations proc_root_operations = {
    .read_link = read_link,
    .follow = follow_root,
    .release = pseudo_release,
};

/* ---- fd/ and fdinfo/ ---- */

static struct file *file_of(const struct pseudo_node *node, int fd)
{
    const struct task *task = proc_task(node);

    return task && task->files ? file_table_get(task->files, fd) : NULL;
}

static int follow_fd(struct node *node, struct node **target)
{
    const struct task *task;
    int error = find_traceable(pseudo_node(node), &task);

    if (error)
        return error;
    struct file *file = file_of(pseudo_node(node), pseudo_node(node)->number);
    if (!file)
        return -ENOENT;
    if (!file->node)
        return create_file_node(file, target);
    *target = file->node;
    node_get(*target);
    file_put(file);
    return 0;
}

static const struct node_operations fd_operations = {
    .read_link = read_link,
    .follow = follow_fd,
    .release = pseudo_release,
};

static const struct pseudo_entry fd_entry = {.mode = S_IFLNK | 0500, .operations = &fd_operations};

static int show_fd(const struct pseudo_node *node, struct text *text)
{
    struct file *file = file_of(node, node->number);
    struct stat stat;

    if (!file)
        return -ENOENT;
    file_status(file, &stat);
    bool closes = file_table_get_flag(proc_task(node)->files, node->number) == 1;
    text_print(text, "pos:\t%lu\nflags:\t0%o\nmnt_id:\t%lu\nino:\t%lu\n", file->offset,
               file->flags | (closes ? O_CLOEXEC : 0), stat.st_dev, stat.st_ino);
    file_put(file);
    return 0;
}

static const struct pseudo_entry fdinfo_entry = {
    .mode = S_IFREG | 0444,
    .operations = &pseudo_text_operations,
    .show = show_fd,
};

/* The link's permissions say how the file is open. */
static uint32_t link_mode(const struct file *file)
{
    return S_IFLNK | 0100 | (file_is_readable(file) ? 0400 : 0) |
           (file_is_writable(file) ? 0200 : 0);
}

/* What the directory has under the number of an open file. */
static int lookup_number(struct node *directory, const struct node_name *name,
                         const struct pseudo_entry *entry, struct node **child)
{
    struct file *file;
    int fd, error;

    if (!pseudo_parse_number(name, &fd))
        return -ENOENT;
    file = file_of(pseudo_node(directory), fd);
    if (!file)
        return -ENOENT;
    error = pseudo_create_numbered(directory, entry, fd, child);
    if (!error && entry == &fd_entry)
        (*child)->mode = link_mode(file);
    file_put(file);
    return error;
}

static int lookup_fd(struct node *directory, const struct node_name *name, struct node **child)
{
    return lookup_number(directory, name, &fd_entry, child);
}

static int lookup_fdinfo(struct node *directory, const struct node_name *name, struct node **child)
{
    const struct task *task;
    int error = find_traceable(pseudo_node(directory), &task);

    return error ? error : lookup_number(directory, name, &fdinfo_entry, child);
}

static void list_numbers(struct node *directory, const struct pseudo_entry *entry,
                         uint64_t *position, struct directory_buffer *buffer)
{
    bool has_room = directory_add_dots(directory, position, buffer);
    int fd = *position < DIRECTORY_FIRST ? 0 : (int)(*position - DIRECTORY_FIRST);

    for (; has_room && fd < FILES_MAX; fd++) {
        struct file *file = file_of(pseudo_node(directory), fd);

        if (!file)
            continue;
        file_put(file);
        has_room = pseudo_list_number(directory, entry, fd, position, buffer);
    }
}

static void list_fds(struct node *directory, uint64_t *position, struct directory_buffer *buffer)
{
    list_numbers(directory, &fd_entry, position, buffer);
}

static void list_fdinfos(struct node *directory, uint64_t *position,
                         struct directory_buffer *buffer)
{
    list_numbers(directory, &fdinfo_entry, position, buffer);
}

const struct node_operations proc_fd_operations = {
    .lookup = lookup_fd,
    .list = list_fds,
    .release = pseudo_release,
};

const struct node_operations proc_fdinfo_operations = {
    .lookup = lookup_fdinfo,
    .list = list_fdinfos,
    .release = pseudo_release,
};
