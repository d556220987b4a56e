// SPDX-License-Identifier: MIT
/*
 * Opening.
 */
#include "fs/open.h"

#include <asm/errno.h>
#include <asm/fcntl.h>
#include <linux/openat2.h>

#include "arch/usercopy.h"
#include "fs/devices.h"
#include "fs/directory.h"
#include "fs/path.h"
#include "fs/permission.h"
#include "fs/pipe.h"
#include "fs/pseudo.h"
#include "kernel/task.h"

/* What is of the act of opening and not of the open file. */
#define OPENING_FLAGS (O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC)

static void release_path(struct file *file)
{
    node_put(file->node);
}

static const struct file_operations path_operations = {.release = release_path};

/* Sets the file's operations, by the kind of its node. */
static int open_by_kind(struct node *node, unsigned int flags, struct file *file)
{
    if (flags & O_PATH) {
        file->operations = &path_operations;
        return 0;
    }
    if (node->operations->open)
        return node->operations->open(node, file);
    switch (node->mode & S_IFMT) {
    case S_IFDIR:
        file->operations = &directory_file_operations;
        file->seekable = true;
        return 0;
    case S_IFREG:
        return -EACCES;
    case S_IFCHR:
        return device_open(node, file);
    case S_IFIFO:
        return pipe_open(&node->pipe, file);
    default: /* no other special file has anything behind it */
        return -ENXIO;
    }
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
    error = node_permission(node, wanted[flags & O_ACCMODE] | (flags & O_TRUNC ? MAY_WRITE : 0));
    if (!error && (flags & O_NOATIME) && !node_is_own(node))
        error = -EPERM;
    return error;
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

static int make_file(struct node *node, unsigned int flags, struct file **file)
{
    struct file *made;
    int error;

    made = file_create(NULL, flags);
    if (!made)
        return -ENOMEM;
    made->operations = &path_operations; /* until it has its own: puts the node */
    node_get(node);
    made->node = node;
    made->locks = &node->locks;
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

    return error ? error : make_file(node, flags, file);
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
    error = may_add_name(end->directory);
    if (error)
        return error;
    if (!end->directory->operations->create)
        return pseudo_refusal(end->directory, -EACCES);
    return end->directory->operations->create(end->directory, &end->name, &template, &end->node);
}

/* What openat2() forbids on the way. */
static enum path_flags resolve_flags(const struct open_how *how)
{
    return how->resolve << PATH_RESOLVE_SHIFT;
}

static int open_or_create(struct node *base, const char *path, const struct open_how *how,
                          struct file **file)
{
    enum path_flags walk = PATH_ENTRY | resolve_flags(how);
    unsigned int flags = how->flags;
    struct path_end end;
    bool is_new;
    int error;

    if (!(flags & (O_NOFOLLOW | O_EXCL)))
        walk |= PATH_FOLLOW;
    error = path_walk(base, path, walk, &end);
    if (error)
        return error;
    is_new = !end.node;
    error = create_at_end(&end, flags, how->mode);
    if (!error && !is_new)
        error = may_open(end.node, flags);
    if (!error)
        error = make_file(end.node, flags, file);
    path_end_put(&end);
    return error;
}

static int open_existing(struct node *base, const char *path, const struct open_how *how,
                         struct file **file)
{
    enum path_flags walk = how->flags & O_NOFOLLOW ? PATH_NO_FOLLOW : PATH_FOLLOW;
    struct node *node;
    int error = path_lookup(base, path, walk | resolve_flags(how), &node);

    if (error)
        return error;
    error = may_open(node, how->flags);
    if (!error)
        error = make_file(node, how->flags, file);
    node_put(node);
    return error;
}

/* O_TMPFILE: a new file without a name, of the file system that the directory is of. */
static int open_nameless(struct node *base, const char *path, const struct open_how *how,
                         struct file **file)
{
    struct node_template template = {.mode = S_IFREG | (how->mode & 07777)};
    struct node *directory, *node;
    int error = path_lookup(base, path, PATH_FOLLOW | resolve_flags(how), &directory);

    if (error)
        return error;
    error = node_is_directory(directory) ? node_permission(directory, MAY_WRITE | MAY_EXECUTE)
                                         : -ENOTDIR;
    if (!error && !directory->operations->create_nameless)
        error = -EOPNOTSUPP;
    if (!error)
        error = directory->operations->create_nameless(&template, &node);
    if (!error)
        own_new_node(node, directory);
    node_put(directory);
    if (error)
        return error;
    node->may_be_linked = !(how->flags & O_EXCL);
    error = make_file(node, how->flags, file);
    node_put(node);
    return error;
}

int open_path(struct node *base, const char *path, const struct open_how *how, struct file **file)
{
    int error;

    if (how->flags & __O_TMPFILE)
        return open_nameless(base, path, how, file);
    if (!(how->flags & O_CREAT))
        return open_existing(base, path, how, file);
    do /* again, if another task makes the file between the walk and the creation */
        error = open_or_create(base, path, how, file);
    while (error == -EEXIST && !(how->flags & O_EXCL));
    return error;
}

int file_status(struct file *file, struct stat *status)
{
    if (file->operations->status)
        return file->operations->status(file, status);
    node_status(file->node, status);
    return 0;
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

long fd_install_pair(struct file *files[2], bool close_on_exec, uintptr_t user_fds)
{
    struct file_table *table = current()->files;
    int fds[2];

    fds[0] = file_table_add(table, files[0], 0, close_on_exec);
    if (fds[0] < 0) {
        file_put(files[0]);
        file_put(files[1]);
        return fds[0];
    }
    fds[1] = file_table_add(table, files[1], 0, close_on_exec);
    if (fds[1] < 0) {
        file_table_close(table, fds[0]);
        file_put(files[1]);
        return fds[1];
    }
    if (!copy_to_user(user_fds, fds, sizeof(fds)))
        return 0;
    file_table_close(table, fds[0]);
    file_table_close(table, fds[1]);
    return -EFAULT;
}
