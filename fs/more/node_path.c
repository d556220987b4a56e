// SPDX-License-Identifier: MIT
/*
 * Where a node is in the tree, and what it is called there.
 */
#include "fs/more/node_path.h"

#include <asm/errno.h>

#include "arch/cpu/bug.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"

#define DELETED " (deleted)"

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
