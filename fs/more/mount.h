// SPDX-License-Identifier: MIT
/*
 * Mounts: how other file systems hang themselves into the tree.
 */
#ifndef FS_MORE_MOUNT_H
#define FS_MORE_MOUNT_H

struct node;

/*
 * Makes a name in a directory of tmpfs that leads to another file system's root, and takes over the
 * reference to it. root NULL: -ENOMEM.
 */
int fs_mount(struct node *parent, const char *name, struct node *root);

#endif
