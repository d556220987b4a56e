// SPDX-License-Identifier: MIT
/*
 * The start of the file system, and the kernel's own way into it: what kmain() calls.
 */
#ifndef FS_ROOT_H
#define FS_ROOT_H

#include <stdint.h>

#include "kernel/file.h"

/* Makes the root directory, /dev and its devices. 0 or -ENOMEM. */
int fs_init(void);

/* Opens a file for reading by its absolute path, as the kernel. The file has one reference. */
int fs_open_kernel(const char *path, struct file **file);

/*
 * Fills descriptors 0, 1 and 2 of the first program: the terminal, or what the host has at the
 * other end of the channel. leader is its pid: the terminal becomes its session's controlling
 * one, and the host's signals go to its process group.
 */
int fs_open_standard(struct file_table *files, int leader);

#endif
