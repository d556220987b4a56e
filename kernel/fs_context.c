// SPDX-License-Identifier: MIT
/*
 * The file system context of a process.
 */
#include "kernel/fs_context.h"

#include <stddef.h>

#include "kernel/file.h"
#include "mm/slab.h"

#define UMASK_DEFAULT 022

struct fs_context *fs_context_create(void)
{
    struct fs_context *context = kzalloc(sizeof(*context));

    if (context) {
        context->references = 1;
        context->lock.name = "fs context";
        context->umask = UMASK_DEFAULT;
    }
    return context;
}

struct fs_context *fs_context_copy(struct fs_context *context)
{
    struct fs_context *copy = fs_context_create();

    if (copy) {
        copy->directory = fs_context_directory(context);
        copy->umask = context->umask;
    }
    return copy;
}

void fs_context_get(struct fs_context *context)
{
    __atomic_fetch_add(&context->references, 1, __ATOMIC_RELAXED);
}

void fs_context_put(struct fs_context *context)
{
    if (__atomic_sub_fetch(&context->references, 1, __ATOMIC_ACQ_REL))
        return;
    if (context->directory)
        file_put(context->directory);
    kfree(context);
}

struct file *fs_context_directory(struct fs_context *context)
{
    struct file *directory;

    spin_lock(&context->lock);
    directory = context->directory;
    if (directory)
        file_get(directory);
    spin_unlock(&context->lock);
    return directory;
}

void fs_context_change_directory(struct fs_context *context, struct file *directory)
{
    struct file *old;

    spin_lock(&context->lock);
    old = context->directory;
    context->directory = directory;
    spin_unlock(&context->lock);
    if (old)
        file_put(old);
}
