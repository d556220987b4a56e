// SPDX-License-Identifier: MIT
/*
 * System calls that remove and move names: unlink, rmdir, rename.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

#include "fs/more/node_more.h"
#include "fs/more/node_path.h"
#include "fs/more/path_more.h"
#include "fs/node/path.h"
#include "kernel/call/syscall.h"
#include "kernel/user/permission.h"

/* ---- removing ---- */

static long may_unlink(const struct path_end *end)
{
    long error;

    if (end->last != PATH_LAST_NAME)
        return -EISDIR;
    if (!end->node)
        return -ENOENT;
    if (end->wants_directory && !node_is_directory(end->node))
        return -ENOTDIR;
    error = end->wants_directory ? 0 : may_remove_name(end->directory, end->node);
    if (error)
        return error;
    if (node_is_directory(end->node))
        return -EISDIR;
    return node_more(end->directory)->unlink ? 0 : -EPERM;
}

static long may_remove_directory(const struct path_end *end)
{
    long error;

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
    error = may_remove_name(end->directory, end->node);
    if (error)
        return error;
    if (!node_is_directory(end->node))
        return -ENOTDIR;
    return node_more(end->directory)->unlink ? 0 : -EPERM;
}

static long remove_at(int fd, uintptr_t path, long (*may_remove)(const struct path_end *end))
{
    struct path_end end;
    long error = path_walk_user(fd, path, PATH_ENTRY, &end);

    if (error)
        return error;
    error = may_remove(&end);
    if (!error)
        error = node_more(end.directory)->unlink(end.directory, &end.name, end.node);
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

/* ---- renaming ---- */

static long why_lacking(const struct path_end *end)
{
    return end->name.length > NAME_MAX ? -ENAMETOOLONG : -ENOENT;
}

/* Whether names at the two places could be changed so at all, whoever asks. */
static long check_places(const struct path_end *old, const struct path_end *new, unsigned int flags)
{
    if (old->directory->file_system != new->directory->file_system)
        return -EXDEV;
    if (old->last != PATH_LAST_NAME)
        return -EBUSY;
    if (new->last != PATH_LAST_NAME)
        return flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
    if (!old->node)
        return why_lacking(old);
    if (!new->node && (new->name.length > NAME_MAX || (flags & RENAME_EXCHANGE)))
        return why_lacking(new);
    if (new->node && (flags & RENAME_NOREPLACE))
        return -EEXIST;
    if ((flags & RENAME_EXCHANGE) && new->wants_directory && !node_is_directory(new->node))
        return -ENOTDIR;
    if (!node_is_directory(old->node) &&
        (old->wants_directory || (new->wants_directory && !(flags & RENAME_EXCHANGE))))
        return -ENOTDIR;
    if (node_contains(old->node, new->directory))
        return -EINVAL;
    if (new->node && node_contains(new->node, old->directory))
        return flags & RENAME_EXCHANGE ? -EINVAL : -ENOTEMPTY;
    return 0;
}

/* Whether child's name may go from its directory, as what shall be in its place is of its kind. */
static long may_give_way(const struct path_end *end, bool to_directory)
{
    long error = may_remove_name(end->directory, end->node);

    if (error || node_is_directory(end->node) == to_directory)
        return error;
    return to_directory ? -ENOTDIR : -EISDIR;
}

/* Whether the task may move a node from one directory to the other: ".." of a directory changes. */
static long may_move(const struct node *node, const struct path_end *from,
                     const struct path_end *to)
{
    if (!node_is_directory(node) || from->directory == to->directory)
        return 0;
    return node_permission(node, MAY_WRITE);
}

static long may_rename(const struct path_end *old, const struct path_end *new, unsigned int flags)
{
    bool is_exchange = flags & RENAME_EXCHANGE;
    long error = may_remove_name(old->directory, old->node);

    if (!error && !new->node)
        error = may_add_name(new->directory);
    else if (!error)
        error = may_give_way(new, node_is_directory(is_exchange ? new->node : old->node));
    if (!error && !node_more(old->directory)->rename)
        error = new->node ? -EPERM : node_refusal(new->directory, -EPERM);
    if (!error)
        error = may_move(old->node, old, new);
    if (!error && is_exchange)
        error = may_move(new->node, new, old);
    return error;
}

static long rename_ends(const struct path_end *old, const struct path_end *new, unsigned int flags)
{
    long error = check_places(old, new, flags);

    if (error || old->node == new->node)
        return error; /* two names of one file: nothing happens */
    error = may_rename(old, new, flags);
    if (error)
        return error;
    return node_more(old->directory)
        ->rename(old->directory, &old->name, new->directory, &new->name, flags);
}

static long rename_at(int old_fd, uintptr_t old_path, int new_fd, uintptr_t new_path,
                      unsigned int flags)
{
    struct path_end old, new;
    long error;

    if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE) ||
        flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
        return -EINVAL;
    /* Both ways are walked before it matters what names are at their ends. */
    error = path_walk_user(old_fd, old_path, PATH_ENTRY | PATH_ANY_LENGTH, &old);
    if (error)
        return error;
    error = path_walk_user(new_fd, new_path, PATH_ENTRY | PATH_ANY_LENGTH, &new);
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
