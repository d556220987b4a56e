// SPDX-License-Identifier: MIT
/* /proc/PID/fd, a link to each open file, and fdinfo, a few lines about each. */
#include "fs/more/descriptor.h"
#include "fs/more/node_more.h"
#include "fs/proc/proc.h"

#include <asm/errno.h>
#include <asm/fcntl.h>

#include "fs/more/status.h"
#include "fs/open/open.h"
#include "kernel/file/file.h"
#include "kernel/task/task.h"

static struct file *file_of(const struct pseudo_node *node, int fd)
{
    const struct task *task = proc_task(node);

    return task && task->files ? file_table_get(task->files, fd) : NULL;
}

static int follow_fd(struct node *node, struct node **target)
{
    const struct task *task;
    int error = proc_find_traceable(pseudo_node(node), &task);

    if (error)
        return error;
    struct file *file = file_of(pseudo_node(node), pseudo_node(node)->number);
    if (!file)
        return -ENOENT;
    if (!file->node)
        return proc_create_file_node(file, target);
    *target = file->node;
    node_get(*target);
    file_put(file);
    return 0;
}

static const struct node_operations fd_operations = {
    .read_link = proc_read_link,
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
    int error = proc_find_traceable(pseudo_node(directory), &task);

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
    .more = &(const struct node_more){.list = list_fds},
    .release = pseudo_release,
};

const struct node_operations proc_fdinfo_operations = {
    .lookup = lookup_fdinfo,
    .more = &(const struct node_more){.list = list_fdinfos},
    .release = pseudo_release,
};
