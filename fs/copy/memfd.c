// SPDX-License-Identifier: MIT
/*
 * memfd_create: a tmpfs file without a place in the tree, and none of huge pages.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <linux/magic.h>
#include <linux/memfd.h>

#include "arch/mmu/usercopy.h"
#include "fs/more/node_more.h"
#include "fs/more/node_path.h"
#include "fs/more/seals.h"
#include "fs/more/tmpfs_more.h"
#include "fs/node/node.h"
#include "fs/open/open.h"
#include "fs/tmpfs/tmpfs.h"
#include "kernel/call/syscall.h"
#include "kernel/task/task.h"

#define PREFIX      "memfd:"
#define PREFIX_SIZE (sizeof(PREFIX) - 1)

/* Since Linux 6.3: not in older uapi headers. */
#ifndef MFD_EXEC
#define MFD_NOEXEC_SEAL 0x0008U
#define MFD_EXEC        0x0010U
#endif

/* A tmpfs besides the one of the tree: no directory is of it, and nothing in it counts. */
static const struct file_system memfds = {.device = 6, .magic = TMPFS_MAGIC};

static void set_seals(struct node *node, unsigned int flags)
{
    if (flags & (MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL))
        node->seals = TAKES_SEALS;
    if (flags & MFD_NOEXEC_SEAL) {
        node->seals |= F_SEAL_EXEC;
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
    TELL(node_is_made, node, NULL);
    set_seals(node, flags);
    node->file_system = &memfds;
    node_set_last_name(node, name);
    result = open_node(node, O_RDWR | O_LARGEFILE, &file);
    node_put(node);
    return result ? result : file_table_add(current()->files, file, 0, flags & MFD_CLOEXEC);
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
