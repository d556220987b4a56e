// SPDX-License-Identifier: MIT
/*
 * Mounts: how other file systems hang themselves into the tree.
 */
#ifndef FS_MORE_MOUNT_H
#define FS_MORE_MOUNT_H

#include <stdint.h>

struct node;

/*
 * Makes a name in a directory of tmpfs that leads to another file system's root, and takes over the
 * reference to it. root NULL: -ENOMEM.
 */
int fs_mount(struct node *parent, const char *name, struct node *root);

/*
 * The number that the entry of a mounted root is listed with: that of the directory which it hides,
 * as on Linux. The namespace lock is held.
 */
uint64_t mount_inode_locked(const struct node *root);

#endif
