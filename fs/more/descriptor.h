// SPDX-License-Identifier: MIT
/*
 * What few programs do with a table of descriptors (kernel/file/file.h).
 */
#ifndef FS_MORE_DESCRIPTOR_H
#define FS_MORE_DESCRIPTOR_H

#include <stdbool.h>

struct file;
struct file_table;

/* Puts it at exactly this descriptor, closing what was there. Returns it; -EBADF; -ENOMEM. */
int file_table_set(struct file_table *table, int fd, struct file *file, bool close_on_exec);
/* Whether exec closes the descriptor: 0, 1 or -EBADF; and the change of that. */
int file_table_get_flag(struct file_table *table, int fd);
int file_table_set_flag(struct file_table *table, int fd, bool close_on_exec);

#endif
