// SPDX-License-Identifier: MIT
/*
 * Paths in system calls: out of user space, from the working directory or an open one.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "arch/mmu/usercopy.h"
#include "fs/node/path.h"
#include "kernel/file/file.h"
#include "kernel/task/task.h"
#include "mm/page/slab.h"

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

__attribute__((weak)) struct node *working_directory(void)
{
    node_get(path_root);
    return path_root;
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

int path_lookup_at(int fd, const char *path, enum path_flags flags, struct node **node)
{
    struct node *base;
    int error = path_base(fd, path, &base);

    if (error)
        return error;
    error = path_lookup(base, path, flags, node);
    node_put(base);
    return error;
}
