// SPDX-License-Identifier: MIT
/*
 * Pipes: bytes from writers to readers, first in, first out.
 */
#ifndef FS_PIPE_H
#define FS_PIPE_H

#include "kernel/file.h"

/* A new pipe as its two files, each with one reference; flags: O_NONBLOCK. 0 or -ENOMEM. */
int pipe_create(unsigned int flags, struct file **read_end, struct file **write_end);

#endif
