// SPDX-License-Identifier: MIT
/*
 * /dev/ptmx and /dev/pts: the names of pseudo-terminals. An open of the first makes a pair, which
 * has a name in the second as long as the file is open.
 */
#ifndef FS_DEVICE_DEVPTS_H
#define FS_DEVICE_DEVPTS_H

#include "fs/node/node.h"
#include "kernel/file/file.h"

/* The root of /dev/pts, in no place yet; NULL when memory is out. */
struct node *devpts_create(void);

/* Opens a new pair's master; the file's operations are those below. 0, -ENOSPC, -ENOMEM. */
int ptmx_open(struct file *file);
extern const struct file_operations ptmx_file_operations;

#endif
