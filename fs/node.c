// SPDX-License-Identifier: MIT
/*
 * Nodes: references, places and attributes; all that every file system shares.
 */
#include "fs/node.h"

#include <asm/errno.h>

#include "arch/bug.h"
#include "arch/types.h"
#include "kernel/time.h"
#include "libc/include/string.h"
#include "mm/slab.h"

#define NANOSECONDS    1000000000l
#define FILE_TIME_LAST (INT64_MAX / NANOSECONDS) /* seconds, some 292 years */
#define DELETED        " (deleted)"
#define SECTOR_SHIFT   9 /* st_blocks counts 512 bytes */

struct spinlock namespace_lock = SPINLOCK_INIT("namespace");

void node_init(struct node *node, const struct node_operations *operations, uint32_t mode,
               uint32_t file_system)
{
    static uint64_t last_inode;

    *node = (struct node){.operations = operations, .references = 1, .mode = mode};
    node->file_system = file_system;
    node->inode = __atomic_add_fetch(&last_inode, 1, __ATOMIC_RELAXED);
    node->accessed = node->modified = node->changed = file_time_now();
}

void node_get(struct node *node)
{
    __atomic_fetch_add(&node->references, 1, __ATOMIC_RELAXED);
}

/* The last reference to a child drops one to its parent: a loop, so that depth costs no stack. */
void node_put(struct node *node)
{
    while (node && !__atomic_sub_fetch(&node->references, 1, __ATOMIC_ACQ_REL)) {
        /* A root is its own parent, without a reference. */
        struct node *parent = node->parent == node ? NULL : node->parent;

        kfree(node->last_name);
        node->operations->release(node);
        node = parent;
    }
}

bool node_put_unless_last(struct node *node)
{
    uint32_t references = __atomic_load_n(&node->references, __ATOMIC_RELAXED);

    while (references > 1)
        if (__atomic_compare_exchange_n(&node->references, &references, references - 1, true,
                                        __ATOMIC_RELEASE, __ATOMIC_RELAXED))
            return true;
    return false;
}

void node_attach_locked(struct node *node, struct node *parent, const char *name)
{
    struct node *old = node->parent;

    assert(spin_is_held(&namespace_lock));
    node_get(parent);
    node->parent = parent;
    node->name = name;
    kfree(node->last_name);
    node->last_name = NULL;
    if (old)
        node_put(old);
}

void node_detach_locked(struct node *node, const char *name)
{
    assert(spin_is_held(&namespace_lock));
    /* A file with several names may remember another one. */
    if (node->name != name)
        return;
    node_set_last_name(node, name);
    node->name = NULL;
}

void node_set_last_name(struct node *node, const char *name)
{
    size_t size = strlen(name) + 1;

    node->last_name = kmalloc(size);
    if (node->last_name)
        memcpy(node->last_name, name, size);
}

bool node_contains(const struct node *directory, const struct node *node)
{
    spin_lock(&namespace_lock);
    while (node != directory && node->parent != node)
        node = node->parent;
    spin_unlock(&namespace_lock);
    return node == directory;
}

struct node *node_parent(struct node *directory)
{
    struct node *parent;

    spin_lock(&namespace_lock);
    parent = directory->parent;
    node_get(parent);
    spin_unlock(&namespace_lock);
    return parent;
}

void node_mount(struct node *directory, struct node *root)
{
    spin_lock(&namespace_lock);
    node_attach_locked(root, directory->parent, directory->name);
    directory->mounted = root;
    spin_unlock(&namespace_lock);
}

struct node *node_cross_mount(struct node *directory)
{
    struct node *root;

    spin_lock(&namespace_lock);
    root = directory->mounted;
    if (root)
        node_get(root);
    spin_unlock(&namespace_lock);
    if (!root)
        return directory;
    node_put(directory);
    return root;
}

static void set_time(file_time_t time, unsigned long *seconds, unsigned long *nanoseconds)
{
    long rest = time % NANOSECONDS;

    if (rest < 0)
        rest += NANOSECONDS;
    *seconds = (time - rest) / NANOSECONDS;
    *nanoseconds = rest;
}

void node_status(struct node *node, struct stat *status)
{
    memset(status, 0, sizeof(*status));
    status->st_dev = node->file_system;
    status->st_ino = node->inode;
    status->st_nlink = node->links;
    status->st_mode = node->mode;
    status->st_uid = node->user;
    status->st_gid = node->group;
    status->st_rdev = node->device;
    status->st_blksize = PAGE_SIZE;
    set_time(node->accessed, &status->st_atime, &status->st_atime_nsec);
    set_time(node->modified, &status->st_mtime, &status->st_mtime_nsec);
    set_time(node->changed, &status->st_ctime, &status->st_ctime_nsec);
    if (node->operations->status)
        node->operations->status(node, status);
}

/* Puts text before start; NULL when there is no room for it. */
static char *prepend(char *buffer, char *start, const char *text, size_t length)
{
    if (!start || (size_t)(start - buffer) < length)
        return NULL;
    return memcpy(start - length, text, length);
}

long node_path(struct node *node, char *buffer, size_t size)
{
    char *end = buffer + size;
    char *start = prepend(buffer, end, "", 1);
    const struct node *at;

    spin_lock(&namespace_lock);
    if (!node->name && node->parent != node)
        start = prepend(buffer, start, DELETED, strlen(DELETED));
    if (node->parent == node)
        start = prepend(buffer, start, "/", 1);
    for (at = node; at && at->parent != at; at = at->parent) {
        const char *name = at->name ? at->name : at->last_name;

        if (name)
            start = prepend(buffer, start, name, strlen(name));
        start = prepend(buffer, start, "/", 1);
    }
    spin_unlock(&namespace_lock);
    if (!start)
        return -ENAMETOOLONG;
    memmove(buffer, start, end - start);
    return end - start - 1;
}

bool node_is_linked(struct node *node)
{
    bool is_linked;

    spin_lock(&namespace_lock);
    is_linked = node->name || node->parent == node;
    spin_unlock(&namespace_lock);
    return is_linked;
}

file_time_t file_time_now(void)
{
    return (file_time_t)time_realtime_ns();
}

/* As on Linux's file systems that have a last second: utimensat() knows no error for it. */
file_time_t file_time_of(int64_t seconds, int64_t nanoseconds)
{
    if (seconds >= FILE_TIME_LAST)
        return FILE_TIME_LAST * NANOSECONDS;
    if (seconds < -FILE_TIME_LAST)
        return -FILE_TIME_LAST * NANOSECONDS;
    return seconds * NANOSECONDS + nanoseconds;
}
