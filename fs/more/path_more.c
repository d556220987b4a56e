// SPDX-License-Identifier: MIT
/*
 * Paths as the calls on names take them.
 */
#include "fs/more/path_more.h"

#include <asm/errno.h>
#include <linux/fcntl.h>

#include "kernel/file/file.h"
#include "kernel/task/task.h"
#include "mm/page/slab.h"

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
    char *path;
    int error =
        path_from_user(user, flags & PATH_EMPTY ? PATH_USER_EMPTY : PATH_USER_NOT_EMPTY, &path);

    if (error)
        return error;
    error = *path ? path_lookup_at(fd, path, flags, node) : node_of_descriptor(fd, node);
    kfree(path);
    return error;
}
