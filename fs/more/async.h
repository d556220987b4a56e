// SPDX-License-Identifier: MIT
/* O_ASYNC, which fcntl() and ioctl() set. */
#ifndef FS_MORE_ASYNC_H
#define FS_MORE_ASYNC_H

#include <stdbool.h>

struct file;

/* Sets or clears it: 0, or -ENOTTY for a change where files of the kind tell nobody. */
long async_set(struct file *file, bool on);

#endif
