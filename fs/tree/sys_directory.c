// SPDX-License-Identifier: MIT
/*
 * System calls that read names: getdents64 and getdents, getcwd and chdir, readlink.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "arch/mmu/usercopy.h"
#include "fs/more/directory.h"
#include "fs/more/fs_context.h"
#include "fs/more/node_path.h"
#include "fs/more/path_more.h"
#include "fs/node/node.h"
#include "fs/node/path.h"
#include "fs/open/open.h"
#include "kernel/call/syscall.h"
#include "kernel/file/file.h"
#include "kernel/task/task.h"
#include "mm/page/slab.h"

static long read_directory(int fd, uintptr_t buffer, size_t size, enum directory_format format)
{
    struct file *file = fd_get(fd);
    struct iovec segment;
    struct io_iter to;
    long result;

    if (!file)
        return -EBADF;
    result = -ENOTDIR;
    if (file->node && node_is_directory(file->node))
        result = io_iter_buffer(&to, &segment, buffer, size);
    if (!result) {
        mutex_lock(&file->offset_lock);
        result = directory_read(file, &to, format);
        mutex_unlock(&file->offset_lock);
    }
    file_put(file);
    return result;
}

SYSCALL3(getdents64, int, fd, uintptr_t, buffer, unsigned int, size)
{
    return read_directory(fd, buffer, size, DIRECTORY_64);
}

SYSCALL3(getdents, int, fd, uintptr_t, buffer, unsigned int, size)
{
    return read_directory(fd, buffer, size, DIRECTORY_OLD);
}

/* ---- the working directory ---- */

/* The length with the NUL, as the call returns it. */
SYSCALL2(getcwd, uintptr_t, buffer, size_t, size)
{
    struct node *node;
    char *path = kmalloc(PATH_MAX);
    long result;

    if (!path)
        return -ENOMEM;
    result = path_base(AT_FDCWD, "", &node);
    if (!result) {
        result = node_is_linked(node) ? node_path(node, path, PATH_MAX) : -ENOENT;
        node_put(node);
    }
    if (result > 0) {
        result++;
        if ((size_t)result > size)
            result = -ERANGE;
        else if (copy_to_user(buffer, path, result))
            result = -EFAULT;
    }
    kfree(path);
    return result;
}

/* Stands in a directory from now on: takes it as an open file, which keeps a reference to it. */
static long change_directory(struct node *node)
{
    struct file *file;
    long error = node_is_directory(node) ? node_permission(node, MAY_EXECUTE) : -ENOTDIR;

    if (!error)
        error = open_node(node, O_PATH, &file);
    if (!error)
        fs_context_change_directory(fs_context_of(current()), file);
    return error;
}

SYSCALL1(chdir, uintptr_t, path)
{
    struct node *node;
    long error = path_lookup_user(AT_FDCWD, path, PATH_FOLLOW, &node);

    if (error)
        return error;
    error = change_directory(node);
    node_put(node);
    return error;
}

SYSCALL1(fchdir, int, fd)
{
    struct file *file = fd_get_any(fd);
    long error;

    if (!file)
        return -EBADF;
    error = file->node ? change_directory(file->node) : -ENOTDIR;
    file_put(file);
    return error;
}

/* ---- reading links ---- */

static long read_link(struct node *node, uintptr_t buffer, size_t size)
{
    char *target;
    long length;

    if (!S_ISLNK(node->mode))
        return -EINVAL;
    target = kmalloc(PATH_MAX);
    if (!target)
        return -ENOMEM;
    length = node->operations->read_link(node, target, size < PATH_MAX ? size : PATH_MAX);
    if (length > 0 && copy_to_user(buffer, target, length))
        length = -EFAULT;
    kfree(target);
    return length;
}

/* An empty path means the link that the descriptor itself was opened for, by O_PATH. */
static long node_of_link(int fd, uintptr_t user_path, struct node **node)
{
    struct node *base = NULL;
    struct file *file;
    char *path;
    long error = path_from_user(user_path, PATH_USER_EMPTY, &path);

    if (error)
        return error;
    if (*path || fd == AT_FDCWD) {
        error = path_base(fd, path, &base);
        if (!error)
            error = path_lookup(base, path, PATH_NO_FOLLOW, node);
        node_put(base);
        kfree(path);
        return error;
    }
    kfree(path);
    file = fd_get_any(fd);
    if (!file)
        return -EBADF;
    error = file->node && S_ISLNK(file->node->mode) ? 0 : -ENOENT;
    *node = file->node;
    if (!error)
        node_get(*node);
    file_put(file);
    return error;
}

static long read_link_at(int fd, uintptr_t path, uintptr_t buffer, int size)
{
    struct node *node;
    long result;

    if (size <= 0)
        return -EINVAL;
    result = node_of_link(fd, path, &node);
    if (result)
        return result;
    result = read_link(node, buffer, size);
    node_put(node);
    return result;
}

SYSCALL3(readlink, uintptr_t, path, uintptr_t, buffer, int, size)
{
    return read_link_at(AT_FDCWD, path, buffer, size);
}

SYSCALL4(readlinkat, int, fd, uintptr_t, path, uintptr_t, buffer, int, size)
{
    return read_link_at(fd, path, buffer, size);
}
