// SPDX-License-Identifier: MIT
/*
 * Nodes: references, places and permission; what all file systems share.
 */
#include "fs/node/node.h"

#include <asm/errno.h>

#include "arch/cpu/bug.h"
#include "mm/page/slab.h"

struct spinlock namespace_lock = SPINLOCK_INIT("namespace");

void node_init(struct node *node, const struct node_operations *operations, uint32_t mode,
               const struct file_system *file_system)
{
    *node = (struct node){.operations = operations, .references = 1, .mode = mode};
    node->file_system = file_system;
    TELL(node_begins, node);
}

void node_get(struct node *node)
{
    __atomic_fetch_add(&node->references, 1, __ATOMIC_RELAXED);
}

/* A freed node drops its reference to its parent: a loop, so that deep trees need no stack. */
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

struct node *node_parent(struct node *directory)
{
    struct node *parent;

    spin_lock(&namespace_lock);
    parent = directory->parent;
    node_get(parent);
    spin_unlock(&namespace_lock);
    return parent;
}

/* Root may do all, except run a file that has no x bit. */
__attribute__((weak)) int node_permission(const struct node *node, unsigned int wanted)
{
    bool is_program = node_is_directory(node) || (node->mode & 0111);

    return (wanted & MAY_EXECUTE) && !is_program ? -EACCES : 0;
}
