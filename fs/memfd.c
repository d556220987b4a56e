// SPDX-License-Identifier: MIT
/*
 * memfd_create: a tmpfs file without a place in the tree, and none of huge pages.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <linux/memfd.h>

#include "arch/types.h"
#include "arch/usercopy.h"
#include "fs/open.h"
#include "fs/permission.h"
#include "fs/seals.h"
#include "fs/tmpfs.h"
#include "kernel/syscall.h"
#include "kernel/task.h"

#define PREFIX      "memfd:"
#define PREFIX_SIZE (sizeof(PREFIX) - 1)

/* Since Linux 6.3: not in older uapi headers. */
#ifndef MFD_EXEC
#define MFD_NOEXEC_SEAL 0x0008U
#define MFD_EXEC        0x0010U
#endif

static void set_seals(struct node *node, unsigned int flags)
{
    if (flags & (MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL))
        node->seals = 0;
    if (flags & MFD_NOEXEC_SEAL) {
        node->seals = F_SEAL_EXEC;
        node->mode &= ~0111u;
    }
}

static long create(const char *name, unsigned int flags)
{
    struct node *node;
    struct file *file;
    long result = tmpfs_create_unlinked(&node);

    if (result)
        return result;
    own_new_node(node, NULL);
    set_seals(node, flags);
    node->file_system = TMPFS_MEMFD_DEVICE;
    node_set_last_name(node, name);
    result = open_node(node, O_RDWR | O_LARGEFILE, &file);
    node_put(node);
    if (result)
        return result;
    result = file_table_add(current()->files, file, 0, flags & MFD_CLOEXEC);
    if (result < 0)
        file_put(file);
    return result;
}

SYSCALL2(memfd_create, uintptr_t, user_name, unsigned int, flags)
{
    char name[NAME_MAX + 1] = PREFIX;
    size_t room = sizeof(name) - PREFIX_SIZE;
    long length;

    if (flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC))
        return -EINVAL;
    if ((flags & MFD_EXEC) && (flags & MFD_NOEXEC_SEAL))
        return -EINVAL;
    length = strncpy_from_user(name + PREFIX_SIZE, user_name, room);
    if (length < 0)
        return length;
    if (length == (long)room)
        return -EINVAL;
    return create(name, flags);
}
