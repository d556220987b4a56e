// SPDX-License-Identifier: MIT
/*
 * Opening: from a path or a node to a struct file.
 */
#ifndef FS_OPEN_H
#define FS_OPEN_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/openat2.h>

#include "fs/node.h"
#include "kernel/file.h"

/*
 * Opens a path that starts at base as openat2() would; how->mode is what a new file gets, the umask
 * taken off. The file has one reference. Errors are openat2()'s.
 */
int open_path(struct node *base, const char *path, const struct open_how *how, struct file **file);

/*
 * Opens a node, whoever asks; flags are open()'s, of which those about names and making count no
 * more.
 */
int open_node(struct node *node, unsigned int flags, struct file **file);

/*
 * Whether it is a regular file whose contents are pages of its own: then it can be copied, and
 * understands O_DIRECT, as there is no cache to go past.
 */
bool file_is_stored(const struct file *file);

/* What fstat() says of any file. */
int file_status(struct file *file, struct stat *status);

/* The running task's file at a descriptor, with a reference, or NULL; and one not opened by O_PATH.
 */
struct file *fd_get_any(int fd);
struct file *fd_get(int fd);

/*
 * Two files at new descriptors, whose numbers are written to user space, or neither: 0, -EMFILE,
 * -ENOMEM, -EFAULT. The references pass to the table or are dropped.
 */
long fd_install_pair(struct file *files[2], bool close_on_exec, uintptr_t user_fds);

#endif
