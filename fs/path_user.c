// SPDX-License-Identifier: MIT
/*
 * Paths in system calls: out of user space, from the working directory or an open one.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "arch/usercopy.h"
#include "fs/path.h"
#include "kernel/file.h"
#include "kernel/fs_context.h"
#include "kernel/task.h"
#include "mm/slab.h"

int path_from_user(uintptr_t user, enum path_user_flags flags, char **path)
{
    char *buffer = kmalloc(PATH_MAX);
    long length;
    int error = 0;

    if (!buffer)
        return -ENOMEM;
    length = strncpy_from_user(buffer, user, PATH_MAX);
    if (length < 0)
        error = length;
    else if (length == PATH_MAX)
        error = -ENAMETOOLONG;
    else if (length == 0 && !(flags & PATH_USER_EMPTY))
        error = -ENOENT;
    if (error) {
        kfree(buffer);
        return error;
    }
    *path = buffer;
    return 0;
}

static struct node *working_directory(void)
{
    struct file *file = fs_context_directory(current()->fs);
    struct node *node = file ? file->node : path_root;

    node_get(node);
    if (file)
        file_put(file);
    return node;
}

int path_base(int fd, const char *path, struct node **base)
{
    struct file *file;
    int error = 0;

    if (*path == '/') {
        *base = path_root;
        node_get(*base);
        return 0;
    }
    if (fd == AT_FDCWD) {
        *base = working_directory();
        return 0;
    }
    file = file_table_get(current()->files, fd);
    if (!file)
        return -EBADF;
    if (file->node && node_is_directory(file->node)) {
        node_get(file->node);
        *base = file->node;
    } else {
        error = -ENOTDIR;
    }
    file_put(file);
    return error;
}

int path_walk_user(int fd, uintptr_t user, enum path_flags flags, struct path_end *end)
{
    struct node *base;
    char *path;
    int error = path_from_user(user, PATH_USER_NOT_EMPTY, &path);

    if (error)
        return error;
    error = path_base(fd, path, &base);
    if (!error) {
        error = path_walk(base, path, flags, end);
        node_put(base);
    }
    kfree(path);
    return error;
}

/* The node that a descriptor is open on: -EBADF; -EINVAL when it is open on what has none. */
static int node_of_descriptor(int fd, struct node **node)
{
    struct file *file;
    int error;

    if (fd == AT_FDCWD) {
        *node = working_directory();
        return 0;
    }
    file = file_table_get(current()->files, fd);
    if (!file)
        return -EBADF;
    error = file->node ? 0 : -EINVAL;
    *node = file->node;
    if (*node)
        node_get(*node);
    file_put(file);
    return error;
}

int path_lookup_user(int fd, uintptr_t user, enum path_flags flags, struct node **node)
{
    struct node *base;
    char *path;
    int error =
        path_from_user(user, flags & PATH_EMPTY ? PATH_USER_EMPTY : PATH_USER_NOT_EMPTY, &path);

    if (error)
        return error;
    if (!*path) {
        error = node_of_descriptor(fd, node);
    } else {
        error = path_base(fd, path, &base);
        if (!error) {
            error = path_lookup(base, path, flags, node);
            node_put(base);
        }
    }
    kfree(path);
    return error;
}
