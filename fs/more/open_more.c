// SPDX-License-Identifier: MIT
/*
 * Opening as few programs do: openat2, creat, and O_TMPFILE.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/openat2.h>

#include "fs/more/node_more.h"
#include "fs/node/node.h"
#include "fs/node/path.h"
#include "fs/open/open.h"
#include "kernel/call/syscall.h"
#include "kernel/call/user_struct.h"

int may_add_name(const struct node *directory)
{
    return directory->links ? node_permission(directory, MAY_WRITE | MAY_EXECUTE) : -ENOENT;
}

static int check_directory(const struct node *directory)
{
    int error = may_add_name(directory);

    if (!error && !directory->operations->create)
        error = node_refusal(directory, -EACCES);
    return error;
}
ATTACH(file_is_made, check_directory);

static int open_nameless(struct node *base, const char *path, const struct open_how *how,
                         struct file **file)
{
    struct node_template template = {.mode = S_IFREG | (how->mode & 07777)};
    struct node *directory, *node;
    int error = path_lookup(base, path, PATH_FOLLOW | path_resolve_flags(how), &directory);

    if (error)
        return error;
    error = node_is_directory(directory) ? node_permission(directory, MAY_WRITE | MAY_EXECUTE)
                                         : -ENOTDIR;
    if (!error && !node_more(directory)->create_nameless)
        error = -EOPNOTSUPP;
    if (!error)
        error = node_more(directory)->create_nameless(&template, &node);
    if (!error)
        TELL(node_is_made, node, directory);
    node_put(directory);
    if (error)
        return error;
    node->may_be_linked = !(how->flags & O_EXCL);
    error = open_checked(node, how->flags, file);
    node_put(node);
    return error ? error : 1;
}
ATTACH(nameless_file_opens, open_nameless);

#define RESOLVE_FLAGS                                                                  \
    (RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH | \
     RESOLVE_IN_ROOT | RESOLVE_CACHED)

static long check_how(const struct open_how *how)
{
    long error = open_check(how);

    if (error)
        return error;
    if ((how->flags & ~(uint64_t)OPEN_FLAGS) || (how->resolve & ~(uint64_t)RESOLVE_FLAGS))
        return -EINVAL;
    if ((how->resolve & RESOLVE_BENEATH) && (how->resolve & RESOLVE_IN_ROOT))
        return -EINVAL;
    if (how->mode & (how->flags & (O_CREAT | __O_TMPFILE) ? ~(uint64_t)OPEN_MODE_BITS : ~0ul))
        return -EINVAL;
    if ((how->flags & O_PATH) && (how->flags & ~(uint64_t)PATH_FLAGS))
        return -EINVAL;
    /* Everything is in memory, but what makes or changes a file is never answered so. */
    if ((how->resolve & RESOLVE_CACHED) && (how->flags & (O_TRUNC | O_CREAT | __O_TMPFILE)))
        return -EAGAIN;
    return 0;
}

SYSCALL4(openat2, int, directory, uintptr_t, path, uintptr_t, user_how, size_t, size)
{
    struct open_how how;
    long error = user_struct_read(&how, sizeof(how), sizeof(how), user_how, size);

    if (!error)
        error = check_how(&how);
    return error ? error : open_at(directory, path, &how);
}

SYSCALL2(creat, uintptr_t, path, uint32_t, mode)
{
    struct open_how how = {.flags = O_CREAT | O_WRONLY | O_TRUNC, .mode = mode & OPEN_MODE_BITS};

    return open_at(AT_FDCWD, path, &how);
}
