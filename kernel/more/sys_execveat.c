// SPDX-License-Identifier: MIT
/* execveat: a program by a directory's descriptor, or by its own. */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "fs/node/path.h"
#include "fs/open/open.h"
#include "kernel/call/syscall.h"
#include "kernel/file/file.h"
#include "kernel/process/exec.h"
#include "libc/core/format.h"
#include "mm/page/slab.h"

/* The node that execveat() means: with AT_EMPTY_PATH the descriptor's own. */
static int node_of_program(int fd, const char *path, unsigned int flags, struct node **node)
{
    struct file *file;

    if (*path)
        return path_lookup_at(fd, path, flags & AT_SYMLINK_NOFOLLOW ? PATH_NO_FOLLOW : PATH_FOLLOW,
                              node);
    file = fd_get_any(fd);
    if (!file)
        return -EBADF;
    *node = file->node;
    if (*node)
        node_get(*node);
    file_put(file);
    return *node ? 0 : -EACCES;
}

SYSCALL5(execveat, int, fd, uintptr_t, user_path, uintptr_t, argv, uintptr_t, envp, unsigned int,
         flags)
{
    char *path;
    char name[32]; /* of a program that has no path */
    struct node *node;

    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    int error = path_from_user(
        user_path, flags & AT_EMPTY_PATH ? PATH_USER_EMPTY : PATH_USER_NOT_EMPTY, &path);
    if (error)
        return error;
    snprintf(name, sizeof(name), "/dev/fd/%d", fd);
    error = node_of_program(fd, path, flags, &node);
    if (!error) {
        error = exec_from_user(node, *path ? path : name, argv, envp);
        node_put(node);
    }
    kfree(path);
    return error;
}
