// SPDX-License-Identifier: MIT
/*
 * Opening.
 */
#include "fs/open/open.h"

#include <asm/errno.h>
#include <asm/fcntl.h>
#include <linux/openat2.h>

#include "fs/node/node.h"
#include "fs/node/path.h"
#include "kernel/task/task.h"

/* Flags of the act of opening, which the open file does not keep. */
#define OPENING_FLAGS (O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC)

static void release_path(struct file *file)
{
    node_put(file->node);
}

/* The only operation of a file opened with O_PATH is to put its node. */
static const struct file_operations path_operations = {.release = release_path};

static long read_directory(struct file *file, struct io_iter *to, uint64_t *offset)
{
    (void)file, (void)to, (void)offset;
    return -EISDIR;
}

static const struct file_operations directory_operations = {
    .read = read_directory,
    .seek = file_seek_without_end, /* positions are what getdents64 gave as d_off, or 0 */
    .release = release_path,
};

/* Sets the file's operations, by the kind of its node; with O_PATH it has them. */
static int open_by_kind(struct node *node, unsigned int flags, struct file *file)
{
    int answer;

    if (flags & O_PATH)
        return 0;
    if (node->operations->open)
        return node->operations->open(node, file);
    if (node_is_directory(node)) {
        file->operations = &directory_operations;
        file->seekable = true;
        return 0;
    }
    answer = S_ISREG(node->mode) ? -EACCES : ASK(special_file_opens, node, file);
    return answer > 0 ? 0 : answer ? answer : -ENXIO;
}

static int check_flags(const struct node *node, unsigned int flags)
{
    if (S_ISLNK(node->mode) && !(flags & O_PATH))
        return flags & O_DIRECTORY ? -ENOTDIR : -ELOOP;
    if ((flags & O_DIRECTORY) && !node_is_directory(node))
        return -ENOTDIR;
    if (node_is_directory(node) && (flags & (O_ACCMODE | O_CREAT | O_TRUNC)))
        return -EISDIR;
    return 0;
}

/* Whether the task may open a node that was there before. */
static int may_open(const struct node *node, unsigned int flags)
{
    static const unsigned char wanted[] = {MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE,
                                           MAY_READ | MAY_WRITE};
    int error = check_flags(node, flags);

    if (error || (flags & O_PATH))
        return error;
    return node_permission(node, wanted[flags & O_ACCMODE] | (flags & O_TRUNC ? MAY_WRITE : 0) |
                                     (flags & O_NOATIME ? MAY_HIDE : 0));
}

static int truncate_opened(struct node *node, unsigned int flags)
{
    if (!(flags & O_TRUNC) || (flags & O_PATH) || !S_ISREG(node->mode))
        return 0;
    return node->operations->resize ? node->operations->resize(node, 0) : 0;
}

bool file_is_stored(const struct file *file)
{
    return file->operations->object && S_ISREG(file->node->mode);
}

int open_checked(struct node *node, unsigned int flags, struct file **file)
{
    struct file *made;
    int error;

    made = file_create(NULL, flags);
    if (!made)
        return -ENOMEM;
    made->operations = &path_operations; /* until it has its own */
    node_get(node);
    made->node = node;
    error = open_by_kind(node, flags, made);
    made->flags &= ~OPENING_FLAGS;
    if (!error && (flags & O_DIRECT) && !file_is_stored(made))
        error = -EINVAL;
    if (!error)
        error = truncate_opened(node, flags);
    if (error)
        file_put(made);
    else
        *file = made;
    return error;
}

int open_node(struct node *node, unsigned int flags, struct file **file)
{
    int error = check_flags(node, flags);

    return error ? error : open_checked(node, flags, file);
}

/* The node at the end of a path opened with O_CREAT: an existing one, or a new file. */
static int create_at_end(struct path_end *end, unsigned int flags, uint32_t mode)
{
    struct node_template template = {.mode = S_IFREG | (mode & 07777)};
    int error;

    if (end->wants_directory && end->last == PATH_LAST_NAME)
        return -EISDIR;
    if (end->node)
        return flags & O_EXCL ? -EEXIST : 0;
    error = ASK(file_is_made, end->directory);
    if (error)
        return error;
    return end->directory->operations->create(end->directory, &end->name, &template, &end->node);
}

/* Opens what a path leads to; with O_CREAT, makes the file first if it is missing. */
static int open_end(struct node *base, const char *path, const struct open_how *how,
                    struct file **file)
{
    unsigned int flags = how->flags;
    enum path_flags walk = path_resolve_flags(how);
    struct path_end end;
    bool is_new;
    int error;

    if (flags & O_CREAT)
        walk |= PATH_ENTRY;
    if (!(flags & O_NOFOLLOW) && (flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL))
        walk |= PATH_FOLLOW;
    error = path_walk(base, path, walk, &end);
    if (error)
        return error;
    is_new = !end.node;
    if (flags & O_CREAT)
        error = create_at_end(&end, flags, how->mode);
    if (!error && !is_new)
        error = may_open(end.node, flags);
    if (!error)
        error = open_checked(end.node, flags, file);
    path_end_put(&end);
    return error;
}

int open_path(struct node *base, const char *path, const struct open_how *how, struct file **file)
{
    int error;

    if (how->flags & __O_TMPFILE) {
        error = ASK(nameless_file_opens, base, path, how, file);
        return error > 0 ? 0 : error ? error : -EOPNOTSUPP;
    }
    do /* again, if another task makes the file between the walk and the creation */
        error = open_end(base, path, how, file);
    while (error == -EEXIST && !(how->flags & O_EXCL));
    return error;
}

struct file *fd_get_any(int fd)
{
    return file_table_get(current()->files, fd);
}

struct file *fd_get(int fd)
{
    struct file *file = fd_get_any(fd);

    if (file && (file->flags & O_PATH)) {
        file_put(file);
        return NULL;
    }
    return file;
}
