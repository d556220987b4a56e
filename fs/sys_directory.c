// SPDX-License-Identifier: MIT
/*
 * System calls about names: getdents64, the working directory, mkdir, unlink, link, symlink,
 * readlink, rename, mknod.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

#include "arch/usercopy.h"
#include "fs/open.h"
#include "fs/path.h"
#include "kernel/file.h"
#include "kernel/fs_context.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "mm/slab.h"

SYSCALL3(getdents64, int, fd, uintptr_t, buffer, unsigned int, size)
{
    struct file *file = fd_get(fd);
    struct iovec segment;
    struct io_iter to;
    long result;

    if (!file)
        return -EBADF;
    result = file->operations->directory ? iovec_from_buffer(buffer, size, &segment) : -ENOTDIR;
    if (!result) {
        io_iter_user(&to, &segment, 1);
        mutex_lock(&file->offset_lock);
        result = file->operations->directory(file, &to);
        mutex_unlock(&file->offset_lock);
    }
    file_put(file);
    return result;
}

/* ---- The working directory ------------------------------------------------------------------ */

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
    long error = open_node(node, O_PATH | O_DIRECTORY, &file);

    if (!error)
        fs_context_change_directory(current()->fs, file);
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

/* ---- Making --------------------------------------------------------------------------------- */

/* Makes a node where the path ends, which must be a name that is free. */
static long create_at(int fd, uintptr_t path, const struct node_template *template)
{
    struct path_end end;
    struct node *node;
    long error = path_walk_user(fd, path, PATH_ENTRY, &end);

    if (error)
        return error;
    if (end.node || end.last != PATH_LAST_NAME)
        error = -EEXIST;
    else if (end.wants_directory && !S_ISDIR(template->mode))
        error = -ENOENT;
    else if (!end.directory->operations->create)
        error = -EPERM;
    else
        error = end.directory->operations->create(end.directory, &end.name, template, &node);
    if (!error)
        node_put(node);
    path_end_put(&end);
    return error;
}

static long make_directory_at(int fd, uintptr_t path, uint32_t mode)
{
    struct node_template template = {.mode = S_IFDIR | (mode & 01777 & ~current()->fs->umask)};

    return create_at(fd, path, &template);
}

SYSCALL2(mkdir, uintptr_t, path, uint32_t, mode)
{
    return make_directory_at(AT_FDCWD, path, mode);
}

SYSCALL3(mkdirat, int, fd, uintptr_t, path, uint32_t, mode)
{
    return make_directory_at(fd, path, mode);
}

/* Regular files and devices: nothing listens behind another kind of node. */
static long make_node_at(int fd, uintptr_t path, uint32_t mode, uint32_t device)
{
    struct node_template template = {.mode = mode & ~current()->fs->umask, .device = device};

    if (!(mode & S_IFMT))
        template.mode |= S_IFREG;
    if (S_ISDIR(template.mode))
        return -EPERM;
    if (!S_ISREG(template.mode) && !S_ISCHR(template.mode) && !S_ISBLK(template.mode))
        return -EINVAL;
    return create_at(fd, path, &template);
}

SYSCALL3(mknod, uintptr_t, path, uint32_t, mode, uint32_t, device)
{
    return make_node_at(AT_FDCWD, path, mode, device);
}

SYSCALL4(mknodat, int, fd, uintptr_t, path, uint32_t, mode, uint32_t, device)
{
    return make_node_at(fd, path, mode, device);
}

static long make_symlink_at(uintptr_t user_target, int fd, uintptr_t path)
{
    struct node_template template = {.mode = S_IFLNK | 0777};
    char *target;
    long error = path_from_user(user_target, PATH_USER_NOT_EMPTY, &target);

    if (error)
        return error;
    template.target = target;
    while (target[template.target_length])
        template.target_length++;
    error = create_at(fd, path, &template);
    kfree(target);
    return error;
}

SYSCALL2(symlink, uintptr_t, target, uintptr_t, path)
{
    return make_symlink_at(target, AT_FDCWD, path);
}

SYSCALL3(symlinkat, uintptr_t, target, int, fd, uintptr_t, path)
{
    return make_symlink_at(target, fd, path);
}

/* Gives the node one more name where the path ends. */
static long link_node(struct node *node, int fd, uintptr_t path)
{
    struct path_end end;
    long error = path_walk_user(fd, path, PATH_ENTRY, &end);

    if (error)
        return error;
    if (end.node || end.last != PATH_LAST_NAME)
        error = -EEXIST;
    else if (end.wants_directory)
        error = -ENOENT;
    else if (end.directory->file_system != node->file_system)
        error = -EXDEV;
    else if (node_is_directory(node) || !end.directory->operations->link)
        error = -EPERM;
    else
        error = end.directory->operations->link(end.directory, &end.name, node);
    path_end_put(&end);
    return error;
}

static long link_at(int old_fd, uintptr_t old_path, int new_fd, uintptr_t new_path,
                    unsigned int flags)
{
    enum path_flags how = flags & AT_SYMLINK_FOLLOW ? PATH_FOLLOW : PATH_NO_FOLLOW;
    struct node *node;
    long error;

    if (flags & ~AT_SYMLINK_FOLLOW)
        return -EINVAL;
    error = path_lookup_user(old_fd, old_path, how, &node);
    if (error)
        return error;
    error = link_node(node, new_fd, new_path);
    node_put(node);
    return error;
}

SYSCALL2(link, uintptr_t, old_path, uintptr_t, new_path)
{
    return link_at(AT_FDCWD, old_path, AT_FDCWD, new_path, 0);
}

SYSCALL5(linkat, int, old_fd, uintptr_t, old_path, int, new_fd, uintptr_t, new_path, unsigned int,
         flags)
{
    return link_at(old_fd, old_path, new_fd, new_path, flags);
}

/* ---- Removing ------------------------------------------------------------------------------- */

static long may_unlink(const struct path_end *end)
{
    if (end->last != PATH_LAST_NAME)
        return -EISDIR;
    if (!end->node)
        return -ENOENT;
    if (node_is_directory(end->node))
        return -EISDIR;
    if (end->wants_directory)
        return -ENOTDIR;
    return end->directory->operations->unlink ? 0 : -EPERM;
}

static long may_remove_directory(const struct path_end *end)
{
    switch (end->last) {
    case PATH_LAST_DOT:
        return -EINVAL;
    case PATH_LAST_DOT_DOT:
        return -ENOTEMPTY;
    case PATH_LAST_ROOT:
        return -EBUSY;
    case PATH_LAST_NAME:
        break;
    }
    if (!end->node)
        return -ENOENT;
    if (!node_is_directory(end->node))
        return -ENOTDIR;
    return end->directory->operations->unlink ? 0 : -EPERM;
}

static long remove_at(int fd, uintptr_t path, long (*may_remove)(const struct path_end *end))
{
    struct path_end end;
    long error = path_walk_user(fd, path, PATH_ENTRY, &end);

    if (error)
        return error;
    error = may_remove(&end);
    if (!error)
        error = end.directory->operations->unlink(end.directory, &end.name, end.node);
    path_end_put(&end);
    return error;
}

SYSCALL1(unlink, uintptr_t, path)
{
    return remove_at(AT_FDCWD, path, may_unlink);
}

SYSCALL1(rmdir, uintptr_t, path)
{
    return remove_at(AT_FDCWD, path, may_remove_directory);
}

SYSCALL3(unlinkat, int, fd, uintptr_t, path, unsigned int, flags)
{
    if (flags & ~AT_REMOVEDIR)
        return -EINVAL;
    return remove_at(fd, path, flags & AT_REMOVEDIR ? may_remove_directory : may_unlink);
}

/* ---- Renaming ------------------------------------------------------------------------------- */

static long rename_ends(const struct path_end *old, const struct path_end *new, unsigned int flags)
{
    const struct node_operations *operations = old->directory->operations;

    if (old->directory->file_system != new->directory->file_system)
        return -EXDEV;
    if (old->last != PATH_LAST_NAME)
        return -EBUSY;
    if (new->last != PATH_LAST_NAME)
        return flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
    if (!old->node || !new->directory->links)
        return -ENOENT;
    if (new->node && (flags & RENAME_NOREPLACE))
        return -EEXIST;
    if (!node_is_directory(old->node) && (old->wants_directory || new->wants_directory))
        return -ENOTDIR;
    if (!operations->rename)
        return -EPERM;
    return operations->rename(old->directory, &old->name, new->directory, &new->name, flags);
}

static long rename_at(int old_fd, uintptr_t old_path, int new_fd, uintptr_t new_path,
                      unsigned int flags)
{
    struct path_end old, new;
    long error;

    if (flags & ~RENAME_NOREPLACE)
        return -EINVAL;
    /* Both ways are walked before it matters whether there is something at their ends. */
    error = path_walk_user(old_fd, old_path, PATH_ENTRY, &old);
    if (error)
        return error;
    error = path_walk_user(new_fd, new_path, PATH_ENTRY, &new);
    if (!error) {
        error = rename_ends(&old, &new, flags);
        path_end_put(&new);
    }
    path_end_put(&old);
    return error;
}

SYSCALL2(rename, uintptr_t, old_path, uintptr_t, new_path)
{
    return rename_at(AT_FDCWD, old_path, AT_FDCWD, new_path, 0);
}

SYSCALL4(renameat, int, old_fd, uintptr_t, old_path, int, new_fd, uintptr_t, new_path)
{
    return rename_at(old_fd, old_path, new_fd, new_path, 0);
}

SYSCALL5(renameat2, int, old_fd, uintptr_t, old_path, int, new_fd, uintptr_t, new_path,
         unsigned int, flags)
{
    return rename_at(old_fd, old_path, new_fd, new_path, flags);
}

/* ---- Reading links -------------------------------------------------------------------------- */

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
