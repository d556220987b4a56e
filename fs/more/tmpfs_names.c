// SPDX-License-Identifier: MIT
/*
 * What can be done with the names of tmpfs: further ones, taking them out, moving and listing them.
 * The table of its directories (fs/more/tmpfs_operations.c) leads here.
 */
#include <asm/errno.h>
#include <linux/fs.h>

#include "fs/more/directory.h"
#include "fs/more/mount.h"
#include "fs/more/node_path.h"
#include "fs/more/node_times.h"
#include "fs/more/tmpfs_more.h"
#include "fs/tmpfs/tmpfs.h"
#include "mm/page/slab.h"

/* Takes the entry out and gives its reference to the node to the caller, who frees the entry. */
static struct node *remove_locked(struct node *directory, struct tmpfs_entry *entry)
{
    struct tmpfs_node *parent = tmpfs_node(directory);

    RB_REMOVE(tmpfs_names, &parent->directory.names, entry);
    TAILQ_REMOVE(&parent->directory.order, entry, in_order);
    node_detach_locked(entry->node, entry->name);
    if (S_ISDIR(entry->node->mode))
        directory->links--;
    node_touch(directory);
    entry->node->changed = file_time_now();
    return entry->node;
}

/* Whether it leads to another file system's root. */
static bool is_mount(const struct node *directory, const struct tmpfs_entry *entry)
{
    return entry->node->file_system != directory->file_system;
}

/* Whether the entry can be taken out: it leads to child, which is no mount and not full. */
static int may_remove_locked(const struct node *directory, const struct tmpfs_entry *entry,
                             const struct node *child)
{
    if (!entry)
        return -ENOENT;
    if (is_mount(directory, entry))
        return -EBUSY;
    if (entry->node != child)
        return -ENOENT;
    if (S_ISDIR(child->mode) && !RB_EMPTY(&tmpfs_node(entry->node)->directory.names))
        return -ENOTEMPTY;
    return 0;
}

/*
 * After the node's entry is gone. Of a node that counts, the last name is its own and counts until
 * it is freed, whichever name that is.
 */
static void drop_links_locked(const struct tmpfs_entry *entry, struct node *node)
{
    node->links -= S_ISDIR(node->mode) ? 2 : 1;
    if (tmpfs_node(node)->is_counted ? node->links > 0 : entry->is_counted)
        tmpfs_uncount_name();
}

int tmpfs_link(struct node *directory, const struct node_name *name, struct node *child)
{
    bool is_counted;
    int error;

    if (!tmpfs_count_name(child, &is_counted))
        return -ENOSPC;
    error = tmpfs_add_link(directory, name, child, 1, is_counted);
    if (error && is_counted)
        tmpfs_uncount_name();
    if (!error) {
        node_touch(directory);
        child->changed = file_time_now();
    }
    return error;
}

int tmpfs_unlink(struct node *directory, const struct node_name *name, struct node *child)
{
    struct tmpfs_entry *entry;
    int error;

    spin_lock(&namespace_lock);
    entry = tmpfs_find_locked(directory, name);
    error = may_remove_locked(directory, entry, child);
    if (!error) {
        remove_locked(directory, entry);
        drop_links_locked(entry, child);
    }
    spin_unlock(&namespace_lock);
    if (!error) {
        kfree(entry);
        node_put(child); /* the entry's */
    }
    return error;
}

/* Moves the entry at old to the new entry, in place of replaced or of none. */
static int move_locked(struct node *from, struct tmpfs_entry *old, struct node *to,
                       struct tmpfs_entry *new, struct tmpfs_entry *replaced)
{
    if (!old || !to->links)
        return -ENOENT;
    if (is_mount(from, old))
        return -EBUSY;
    if (replaced) {
        int error = may_remove_locked(to, replaced, replaced->node);

        if (error)
            return error;
        drop_links_locked(replaced, remove_locked(to, replaced));
    }
    new->is_counted = old->is_counted;
    tmpfs_insert_locked(to, new, remove_locked(from, old));
    node_touch(to);
    return 0;
}

/* Each of two entries gets the other's node. */
static int exchange_locked(struct node *left, struct tmpfs_entry *a, struct node *right,
                           struct tmpfs_entry *b)
{
    struct node *from_a, *from_b;
    bool is_counted;

    if (!a || !b)
        return -ENOENT;
    if (is_mount(left, a) || is_mount(right, b))
        return -EBUSY;
    from_a = remove_locked(left, a);
    from_b = remove_locked(right, b);
    is_counted = a->is_counted;
    a->is_counted = b->is_counted;
    b->is_counted = is_counted;
    tmpfs_insert_locked(left, a, from_b);
    tmpfs_insert_locked(right, b, from_a);
    return 0;
}

static int exchange_entries(struct node *left, const struct node_name *a, struct node *right,
                            const struct node_name *b)
{
    int error;

    spin_lock(&namespace_lock);
    error = exchange_locked(left, tmpfs_find_locked(left, a), right, tmpfs_find_locked(right, b));
    spin_unlock(&namespace_lock);
    return error;
}

static int move_entry(struct node *from, const struct node_name *old, struct node *to,
                      const struct node_name *new)
{
    struct tmpfs_entry *entry = tmpfs_create_entry(new);
    struct tmpfs_entry *source, *replaced;
    int error;

    if (!entry)
        return -ENOMEM;
    spin_lock(&namespace_lock);
    source = tmpfs_find_locked(from, old);
    replaced = tmpfs_find_locked(to, new);
    error = move_locked(from, source, to, entry, replaced);
    spin_unlock(&namespace_lock);
    if (error) {
        kfree(entry);
        return error;
    }
    kfree(source);
    if (replaced) {
        node_put(replaced->node);
        kfree(replaced);
    }
    return 0;
}

int tmpfs_rename(struct node *from, const struct node_name *old, struct node *to,
                 const struct node_name *new, unsigned int flags)
{
    return flags & RENAME_EXCHANGE ? exchange_entries(from, old, to, new)
                                   : move_entry(from, old, to, new);
}

/* The entry at this position or the next one. */
static struct tmpfs_entry *entry_from_locked(struct tmpfs_node *directory, uint64_t position)
{
    struct tmpfs_entry *entry;

    TAILQ_FOREACH (entry, &directory->directory.order, in_order)
        if (entry->position >= position)
            break;
    return entry;
}

void tmpfs_list(struct node *directory, uint64_t *position, struct directory_buffer *buffer)
{
    struct tmpfs_entry *at;

    if (*position == DIRECTORY_END)
        return;
    spin_lock(&namespace_lock);
    if (directory_add_dots(directory, position, buffer)) {
        for (at = entry_from_locked(tmpfs_node(directory), *position); at;
             at = TAILQ_NEXT(at, in_order)) {
            struct directory_entry entry = {.inode = at->node->inode, .mode = at->node->mode};

            if (is_mount(directory, at))
                entry.inode = mount_inode_locked(at->node);
            entry.offset = at->position + 1;
            entry.name = at->name;
            entry.length = at->length;
            if (!directory_add(buffer, &entry))
                break;
            *position = entry.offset;
        }
        if (!at)
            *position = DIRECTORY_END;
    }
    spin_unlock(&namespace_lock);
}

int tmpfs_create_unlinked(struct node **node)
{
    struct node_template template = {.mode = S_IFREG | 0777};

    return tmpfs_create_node(&template, node);
}
