// SPDX-License-Identifier: MIT
/*
 * Devices: what is behind the character-special files in /dev, by Linux's numbers
 * (Documentation/admin-guide/devices.txt).
 */
#ifndef FS_DEVICES_H
#define FS_DEVICES_H

#include "fs/node.h"
#include "kernel/file.h"

/* Sets the operations of a file that is being opened: 0, -ENXIO when there is no such device. */
int device_open(struct node *node, struct file *file);

/* Makes the nodes in /dev, and links to /proc/self/fd. */
int devices_create(struct node *directory);

/*
 * A file of the first program's descriptor 0, 1 or 2: the terminal, or the channel's stream where
 * the host's descriptor is none (fs/terminal.c).
 */
int standard_file(unsigned int descriptor, struct file **file);

#endif
