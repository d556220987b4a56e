// SPDX-License-Identifier: MIT
/*
 * Files that have no name anywhere: eventfd, timerfd, signalfd, epoll, sockets.
 */
#ifndef FS_OPEN_ANONYMOUS_H
#define FS_OPEN_ANONYMOUS_H

#include "kernel/file/file.h"

/* fstat() of all of them but sockets. */
int anonymous_status(struct file *file, struct stat *status);

/*
 * Makes a file with this state, allocated by kmalloc(), at a new descriptor of the running task.
 * flags may have O_CLOEXEC and O_NONBLOCK. Returns the descriptor or a negative errno. The state
 * passes to the file, or is freed on failure. If it is NULL: -ENOMEM.
 */
long anonymous_open(const struct file_operations *operations, void *state, unsigned int flags);

/* The running task's file at a descriptor, with a reference, if it is of this kind. 0, -EBADF, or
 * other_kind. */
long anonymous_get(int fd, const struct file_operations *operations, int other_kind,
                   struct file **file);

#endif
