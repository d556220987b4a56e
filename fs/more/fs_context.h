// SPDX-License-Identifier: MIT
/*
 * What a process has of the file system besides its descriptors: where it stands, and its umask.
 *
 * The place is an open file of the directory, so that fork() and exit() need know nothing of fs/.
 */
#ifndef FS_MORE_FS_CONTEXT_H
#define FS_MORE_FS_CONTEXT_H

#include <stdint.h>

#include "arch/lock/spinlock.h"

struct file;
struct task;

/* The kernel lock guards whose it is and the references. */
struct fs_context {
    uint32_t references;
    struct spinlock lock;   /* covers directory */
    struct file *directory; /* the working directory; NULL: the root */
    unsigned int umask;     /* permission bits that new files do not get */
};

/* A task's; NULL of one that is the kernel's own, or has ended. */
struct fs_context *fs_context_of(const struct task *task);

/* Gives the running task a copy of its own, if it shares its context: 0 or -ENOMEM. */
int fs_context_unshare(void);

/* The working directory with a reference for the caller, or NULL for the root. */
struct file *fs_context_directory(struct fs_context *context);
/* Changes it; the caller's reference to the file passes to the context. */
void fs_context_change_directory(struct fs_context *context, struct file *directory);

#endif
