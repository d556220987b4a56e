// SPDX-License-Identifier: MIT
/*
 * statfs and fstatfs: what a file system says of itself.
 */
#include <asm/errno.h>
#include <asm/statfs.h>
#include <linux/fcntl.h>

#include "arch/cpu/types.h"
#include "arch/mmu/usercopy.h"
#include "fs/more/node_more.h"
#include "fs/more/path_more.h"
#include "fs/more/status.h"
#include "fs/node/path.h"
#include "fs/open/open.h"
#include "kernel/call/syscall.h"
#include "kernel/file/file.h"
#include "libc/include/string.h"

static long put_statfs(uintptr_t address, const struct file_system *file_system)
{
    struct statfs status;

    memset(&status, 0, sizeof(status));
    status.f_type = file_system->magic;
    status.f_bsize = PAGE_SIZE;
    status.f_frsize = PAGE_SIZE;
    status.f_namelen = NAME_MAX;
    if (file_system->usage)
        file_system->usage(&status);
    return copy_to_user(address, &status, sizeof(status)) ? -EFAULT : 0;
}

SYSCALL2(statfs, uintptr_t, path, uintptr_t, address)
{
    struct node *node;
    long result = path_lookup_user(AT_FDCWD, path, PATH_FOLLOW, &node);

    if (result)
        return result;
    result = put_statfs(address, node->file_system);
    node_put(node);
    return result;
}

SYSCALL2(fstatfs, int, fd, uintptr_t, address)
{
    struct file *file = fd_get_any(fd);
    long result;

    if (!file)
        return -EBADF;
    result = put_statfs(address, file->node ? file->node->file_system : &nameless_file_system);
    file_put(file);
    return result;
}
