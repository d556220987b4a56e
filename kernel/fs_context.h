// SPDX-License-Identifier: MIT
/*
 * What a process has of the file system besides its descriptors: where it stands, and its umask.
 *
 * The place is an open file of the directory, so that fork() and exit() need know nothing of fs/.
 */
#ifndef KERNEL_FS_CONTEXT_H
#define KERNEL_FS_CONTEXT_H

#include <stdint.h>

#include "arch/spinlock.h"

struct file;

struct fs_context {
    uint32_t references;
    struct spinlock lock;   /* covers directory */
    struct file *directory; /* the working directory; NULL: the root */
    unsigned int umask;     /* permission bits that new files do not get */
};

/* A context at the root with umask 022 and one reference, or NULL. */
struct fs_context *fs_context_create(void);
/* A copy for fork(), or NULL when memory is out. */
struct fs_context *fs_context_copy(struct fs_context *context);
void fs_context_get(struct fs_context *context);
void fs_context_put(struct fs_context *context);

/* The working directory with a reference for the caller, or NULL for the root. */
struct file *fs_context_directory(struct fs_context *context);
/* Changes it; the caller's reference to the file passes to the context. */
void fs_context_change_directory(struct fs_context *context, struct file *directory);

#endif
