// SPDX-License-Identifier: MIT
#include "fs/open/anonymous.h"

#include <asm/errno.h>
#include <asm/fcntl.h>
#include <linux/stat.h>

#include "arch/cpu/types.h"
#include "fs/open/open.h"
#include "kernel/task/task.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"

int anonymous_status(struct file *file, struct stat *status)
{
    (void)file;
    memset(status, 0, sizeof(*status));
    status->st_ino = 1;
    status->st_mode = S_IRUSR | S_IWUSR;
    status->st_nlink = 1;
    status->st_blksize = PAGE_SIZE;
    return 0;
}

long anonymous_open(const struct file_operations *operations, void *state, unsigned int flags)
{
    struct file *file = state ? file_create(operations, O_RDWR | (flags & O_NONBLOCK)) : NULL;

    if (!file) {
        kfree(state);
        return -ENOMEM;
    }
    file->state = state;
    return file_table_add(current()->files, file, 0, flags & O_CLOEXEC);
}

long anonymous_get(int fd, const struct file_operations *operations, int other_kind,
                   struct file **file)
{
    *file = fd_get(fd);
    if (!*file)
        return -EBADF;
    if ((*file)->operations == operations)
        return 0;
    file_put(*file);
    return other_kind;
}
