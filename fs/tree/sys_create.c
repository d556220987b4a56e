// SPDX-License-Identifier: MIT
/*
 * System calls that make names: mkdir, mknod, symlink, link.
 *
 * The room owns the calls that change the tree of files or what it says of one: names here and in
 * sys_remove.c, attributes, sizes, and reading directories. It leaves the walk along a path to
 * fs/node/path.h, the question of who may to fs/node/node.h, the change to each file system's
 * operations, and what is done with an open file to fs/open/.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "fs/more/node_more.h"
#include "fs/more/path_more.h"
#include "fs/node/node.h"
#include "fs/node/path.h"
#include "fs/open/open.h"
#include "kernel/call/permission.h"
#include "kernel/call/syscall.h"
#include "kernel/task/task.h"
#include "kernel/user/permission.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"

/* Whether the task may make such a node where the path ends, which must be a name that is free. */
static long may_create(const struct path_end *end, uint32_t mode)
{
    long error;

    if (end->node || end->last != PATH_LAST_NAME)
        return -EEXIST;
    if (end->wants_directory && !S_ISDIR(mode))
        return -ENOENT;
    error = may_add_name(end->directory);
    if (!error && (S_ISCHR(mode) || S_ISBLK(mode)) && !task_may(CAP_MKNOD))
        error = -EPERM;
    if (!error && !end->directory->operations->create)
        error = node_refusal(end->directory, S_ISREG(mode) ? -EACCES : -EPERM);
    return error;
}

static long create_at(int fd, uintptr_t path, const struct node_template *template)
{
    struct path_end end;
    struct node *node;
    long error = path_walk_user(fd, path, PATH_ENTRY, &end);

    if (error)
        return error;
    error = may_create(&end, template->mode);
    if (!error)
        error = end.directory->operations->create(end.directory, &end.name, template, &node);
    if (!error)
        node_put(node);
    path_end_put(&end);
    return error;
}

static long make_directory_at(int fd, uintptr_t path, uint32_t mode)
{
    struct node_template template = {.mode = S_IFDIR | (mode & 01777 & ~task_umask())};

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

/* Of sockets only the name: nothing listens behind it. */
static long make_node_at(int fd, uintptr_t path, uint32_t mode, uint32_t device)
{
    struct node_template template = {.mode = mode & ~task_umask(), .device = device};

    if (!(mode & S_IFMT))
        template.mode |= S_IFREG;
    switch (template.mode & S_IFMT) {
    case S_IFDIR:
        return -EPERM;
    case S_IFREG:
    case S_IFIFO:
    case S_IFCHR:
    case S_IFBLK:
    case S_IFSOCK:
        break;
    default:
        return -EINVAL;
    }
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
    template.target_length = strlen(target);
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

/*
 * As Linux with fs.protected_hardlinks: whoever could neither change a file nor run it as another
 * user keeps no name of it.
 */
static bool may_keep(const struct node *node)
{
    bool runs_as_another =
        (node->mode & S_ISUID) || (node->mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);

    return node_is_own(node) || (S_ISREG(node->mode) && !runs_as_another &&
                                 !node_permission(node, MAY_READ | MAY_WRITE));
}

/* Whether the task may give the node a name where the path ends. */
static long may_link(const struct path_end *end, const struct node *node)
{
    long error;

    if (end->node || end->last != PATH_LAST_NAME)
        return -EEXIST;
    if (end->wants_directory)
        return -ENOENT;
    if (end->directory->file_system != node->file_system)
        return -EXDEV;
    error = may_keep(node) ? may_add_name(end->directory) : -EPERM;
    if (error)
        return error;
    if (!node_more(end->directory)->link)
        return node_refusal(end->directory, -EPERM);
    if (node_is_directory(node))
        return -EPERM;
    return node->links || node->may_be_linked ? 0 : -ENOENT;
}

/* Gives the node one more name where the path ends. */
static long link_node(struct node *node, int fd, uintptr_t path)
{
    struct path_end end;
    long error = path_walk_user(fd, path, PATH_ENTRY, &end);

    if (error)
        return error;
    error = may_link(&end, node);
    if (!error)
        error = node_more(end.directory)->link(end.directory, &end.name, node);
    if (!error)
        node->may_be_linked = false; /* has had its first name */
    path_end_put(&end);
    return error;
}

static long link_at(int old_fd, uintptr_t old_path, int new_fd, uintptr_t new_path,
                    unsigned int flags)
{
    enum path_flags how = flags & AT_SYMLINK_FOLLOW ? PATH_FOLLOW : PATH_NO_FOLLOW;
    struct node *node;
    long error;

    if (flags & AT_EMPTY_PATH)
        how |= PATH_EMPTY;
    if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
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
