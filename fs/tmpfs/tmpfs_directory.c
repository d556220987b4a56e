// SPDX-License-Identifier: MIT
/*
 * The directories of tmpfs: finding names and making nodes in them.
 */
#include <asm/errno.h>

#include "arch/cpu/bug.h"
#include "fs/node/node.h"
#include "fs/tmpfs/tmpfs.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"

static int compare_entries(const struct tmpfs_entry *a, const struct tmpfs_entry *b)
{
    return strcmp(a->name, b->name);
}

RB_GENERATE(tmpfs_names, tmpfs_entry, by_name, compare_entries)

struct tmpfs_entry *tmpfs_create_entry(const struct node_name *name)
{
    struct tmpfs_entry *entry = kmalloc(sizeof(*entry) + name->length + 1);

    if (entry) {
        entry->is_counted = false;
        entry->length = name->length;
        memcpy(entry->name, name->text, name->length);
        entry->name[name->length] = '\0';
    }
    return entry;
}

struct tmpfs_entry *tmpfs_find_locked(struct node *directory, const struct node_name *name)
{
    struct tmpfs_entry *entry = RB_ROOT(&tmpfs_node(directory)->directory.names);

    assert(spin_is_held(&namespace_lock));
    while (entry) {
        int order = strcmp(name->text, entry->name);

        if (!order)
            return entry;
        entry = order < 0 ? RB_LEFT(entry, by_name) : RB_RIGHT(entry, by_name);
    }
    return NULL;
}

void tmpfs_touch(struct node *node)
{
    file_time_t now = file_time_now();

    __atomic_store_n(&node->modified, now, __ATOMIC_RELAXED);
    __atomic_store_n(&node->changed, now, __ATOMIC_RELAXED);
}

void tmpfs_insert_locked(struct node *directory, struct tmpfs_entry *entry, struct node *node)
{
    struct tmpfs_node *parent = tmpfs_node(directory);

    entry->node = node;
    entry->position = parent->directory.next_position++;
    RB_INSERT(tmpfs_names, &parent->directory.names, entry);
    TAILQ_INSERT_TAIL(&parent->directory.order, entry, in_order);
    node_attach_locked(node, directory, entry->name);
    if (S_ISDIR(node->mode))
        directory->links++;
    tmpfs_touch(directory);
    node->changed = file_time_now();
}

int tmpfs_lookup(struct node *directory, const struct node_name *name, struct node **child)
{
    struct tmpfs_entry *entry;

    spin_lock(&namespace_lock);
    entry = tmpfs_find_locked(directory, name);
    if (entry) {
        *child = entry->node;
        node_get(*child);
    }
    spin_unlock(&namespace_lock);
    return entry ? 0 : -ENOENT;
}

int tmpfs_add_link(struct node *directory, const struct node_name *name, struct node *node,
                   unsigned int links, bool is_counted)
{
    struct tmpfs_entry *entry = tmpfs_create_entry(name);
    int error = 0;

    if (!entry)
        return -ENOMEM;
    entry->is_counted = is_counted;
    spin_lock(&namespace_lock);
    if (tmpfs_find_locked(directory, name))
        error = -EEXIST;
    else if (!directory->links) /* it was removed */
        error = -ENOENT;
    if (!error) {
        node->links += links;
        node_get(node);
        tmpfs_insert_locked(directory, entry, node);
    }
    spin_unlock(&namespace_lock);
    if (error)
        kfree(entry);
    return error;
}

int tmpfs_create(struct node *directory, const struct node_name *name,
                 const struct node_template *template, struct node **child)
{
    struct node *node;
    int error = tmpfs_create_node(template, &node);

    if (error)
        return error;
    TELL(node_is_made, node, directory);
    error = tmpfs_add_link(directory, name, node, S_ISDIR(template->mode) ? 2 : 1, false);
    if (error)
        node_put(node);
    else
        *child = node;
    return error;
}
