// SPDX-License-Identifier: MIT
/*
 * memfd_create: a tmpfs file without a place in the tree. There are no seals, and no files of
 * huge pages.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <linux/memfd.h>

#include "arch/types.h"
#include "arch/usercopy.h"
#include "fs/open.h"
#include "fs/permission.h"
#include "fs/tmpfs.h"
#include "kernel/syscall.h"
#include "kernel/task.h"

#define PREFIX      "memfd:"
#define PREFIX_SIZE (sizeof(PREFIX) - 1)
#define FILE_SYSTEM 4 /* st_dev: no directory's */

static long create(const char *name, bool close_on_exec)
{
    struct node *node;
    struct file *file;
    long result = tmpfs_create_unlinked(&node);

    if (result)
        return result;
    own_new_node(node, NULL);
    node->file_system = FILE_SYSTEM;
    node_set_last_name(node, name);
    result = open_node(node, O_RDWR | O_LARGEFILE, &file);
    node_put(node);
    if (result)
        return result;
    result = file_table_add(current()->files, file, 0, close_on_exec);
    if (result < 0)
        file_put(file);
    return result;
}

SYSCALL2(memfd_create, uintptr_t, user_name, unsigned int, flags)
{
    char name[NAME_MAX + 1] = PREFIX;
    size_t room = sizeof(name) - PREFIX_SIZE;
    long length;

    if (flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING))
        return -EINVAL;
    length = strncpy_from_user(name + PREFIX_SIZE, user_name, room);
    if (length < 0)
        return length;
    if (length == (long)room)
        return -EINVAL;
    return create(name, flags & MFD_CLOEXEC);
}
