// SPDX-License-Identifier: MIT
/*
 * A task leaves what it shares with other tasks: its descriptors, its place in the file system; a
 * process its handlers.
 */
#ifndef KERNEL_UNSHARE_H
#define KERNEL_UNSHARE_H

/* The running task gets descriptors of its own, which are the same until it changes them: -ENOMEM.
 */
int unshare_files(void);

/* The running task's process gets handlers of its own, likewise: -ENOMEM. */
int unshare_actions(void);

#endif
