// SPDX-License-Identifier: MIT
#include "fs/more/descriptor.h"

#include <asm/errno.h>

#include "kernel/file/file.h"

int file_table_set(struct file_table *table, int fd, struct file *file, bool close_on_exec)
{
    struct file *old = NULL;
    int error;

    if (fd < 0 || (uint64_t)fd >= nr_open)
        return -EBADF;
    spin_lock(&table->lock);
    error = file_table_grow_locked(table, fd);
    if (!error) {
        old = table->descriptors[fd].file;
        table->descriptors[fd] = (struct descriptor){file, close_on_exec};
    }
    spin_unlock(&table->lock);
    if (old)
        file_table_put_closed(table, old);
    return error ? error : fd;
}

int file_table_get_flag(struct file_table *table, int fd)
{
    int flag = -EBADF;

    spin_lock(&table->lock);
    if (file_table_has_locked(table, fd))
        flag = table->descriptors[fd].close_on_exec;
    spin_unlock(&table->lock);
    return flag;
}

int file_table_set_flag(struct file_table *table, int fd, bool close_on_exec)
{
    int error = -EBADF;

    spin_lock(&table->lock);
    if (file_table_has_locked(table, fd)) {
        table->descriptors[fd].close_on_exec = close_on_exec;
        error = 0;
    }
    spin_unlock(&table->lock);
    return error;
}
