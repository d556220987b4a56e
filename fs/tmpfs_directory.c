// SPDX-License-Identifier: MIT
/*
 * The directories of tmpfs. An entry hangs in its directory twice: in a tree by name, for
 * lookups, and in a list by position, for getdents64.
 *
 * Positions count on from those of "." and "..", and none is given out twice.
 */
#include <asm/errno.h>
#include <linux/fs.h>

#include "arch/bug.h"
#include "fs/directory.h"
#include "fs/permission.h"
#include "fs/tmpfs.h"
#include "libc/include/string.h"
#include "mm/slab.h"

struct tmpfs_entry {
    RB_ENTRY(tmpfs_entry) by_name;
    TAILQ_ENTRY(tmpfs_entry) in_order;
    struct node *node; /* with a reference */
    bool is_counted;   /* against the limit, besides the node */
    uint64_t position;
    size_t length;
    char name[];
};

static int compare_entries(const struct tmpfs_entry *a, const struct tmpfs_entry *b)
{
    return strcmp(a->name, b->name);
}

RB_PROTOTYPE(tmpfs_names, tmpfs_entry, by_name, compare_entries)
RB_GENERATE(tmpfs_names, tmpfs_entry, by_name, compare_entries)

static struct tmpfs_entry *create_entry(const struct node_name *name)
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

static struct tmpfs_entry *find_locked(struct node *directory, const struct node_name *name)
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

static void touch(struct node *node)
{
    node->modified = node->changed = file_time_now();
}

/* Hangs node into the directory under the entry's name; takes over a reference to node. */
static void insert_locked(struct node *directory, struct tmpfs_entry *entry, struct node *node)
{
    struct tmpfs_node *parent = tmpfs_node(directory);

    entry->node = node;
    entry->position = parent->directory.next_position++;
    RB_INSERT(tmpfs_names, &parent->directory.names, entry);
    TAILQ_INSERT_TAIL(&parent->directory.order, entry, in_order);
    node_attach_locked(node, directory, entry->name);
    if (S_ISDIR(node->mode))
        directory->links++;
    touch(directory);
    node->changed = file_time_now();
}

/* Takes the entry out and gives its reference to the node to the caller, who frees the entry. */
static struct node *remove_locked(struct node *directory, struct tmpfs_entry *entry)
{
    struct tmpfs_node *parent = tmpfs_node(directory);

    RB_REMOVE(tmpfs_names, &parent->directory.names, entry);
    TAILQ_REMOVE(&parent->directory.order, entry, in_order);
    node_detach_locked(entry->node, entry->name);
    if (S_ISDIR(entry->node->mode))
        directory->links--;
    touch(directory);
    entry->node->changed = file_time_now();
    return entry->node;
}

/* Whether a name can be put into the directory. */
static int may_insert_locked(struct node *directory, const struct node_name *name)
{
    if (find_locked(directory, name))
        return -EEXIST;
    return directory->links ? 0 : -ENOENT; /* 0 links: it was removed */
}

/* Whether the entry can be taken out: it leads to child, which is no mount and not full. */
static int may_remove_locked(const struct tmpfs_entry *entry, const struct node *child)
{
    if (!entry)
        return -ENOENT;
    if (entry->node->mounted)
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

/* A name for a node that has none yet needs no more than the node. */
static bool count_name_locked(struct tmpfs_entry *entry, struct node *node)
{
    if (!node->links && tmpfs_node(node)->is_counted)
        return true;
    return tmpfs_count_name(&entry->is_counted);
}

/* ---- Operations ---- */

static int lookup(struct node *directory, const struct node_name *name, struct node **child)
{
    struct tmpfs_entry *entry;

    spin_lock(&namespace_lock);
    entry = find_locked(directory, name);
    if (entry) {
        *child = entry->node;
        node_get(*child);
    }
    spin_unlock(&namespace_lock);
    return entry ? 0 : -ENOENT;
}

/* Puts a node, new or old, into the directory. */
static int add_link(struct node *directory, const struct node_name *name, struct node *node,
                    unsigned int links)
{
    struct tmpfs_entry *entry = create_entry(name);
    int error;

    if (!entry)
        return -ENOMEM;
    spin_lock(&namespace_lock);
    error = may_insert_locked(directory, name);
    if (!error && !count_name_locked(entry, node))
        error = -ENOSPC;
    if (!error) {
        node->links += links;
        node_get(node);
        insert_locked(directory, entry, node);
    }
    spin_unlock(&namespace_lock);
    if (error)
        kfree(entry);
    return error;
}

static int create(struct node *directory, const struct node_name *name,
                  const struct node_template *template, struct node **child)
{
    struct node *node;
    int error = tmpfs_create_node(template, &node);

    if (error)
        return error;
    own_new_node(node, directory);
    error = add_link(directory, name, node, S_ISDIR(template->mode) ? 2 : 1);
    if (error)
        node_put(node);
    else
        *child = node;
    return error;
}

static int make_link(struct node *directory, const struct node_name *name, struct node *child)
{
    return add_link(directory, name, child, 1);
}

static int unlink(struct node *directory, const struct node_name *name, struct node *child)
{
    struct tmpfs_entry *entry;
    int error;

    spin_lock(&namespace_lock);
    entry = find_locked(directory, name);
    error = may_remove_locked(entry, child);
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
    if (old->node->mounted)
        return -EBUSY;
    if (replaced) {
        int error = may_remove_locked(replaced, replaced->node);

        if (error)
            return error;
        drop_links_locked(replaced, remove_locked(to, replaced));
    }
    new->is_counted = old->is_counted;
    insert_locked(to, new, remove_locked(from, old));
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
    if (a->node->mounted || b->node->mounted)
        return -EBUSY;
    from_a = remove_locked(left, a);
    from_b = remove_locked(right, b);
    is_counted = a->is_counted;
    a->is_counted = b->is_counted;
    b->is_counted = is_counted;
    insert_locked(left, a, from_b);
    insert_locked(right, b, from_a);
    return 0;
}

static int exchange_entries(struct node *left, const struct node_name *a, struct node *right,
                            const struct node_name *b)
{
    int error;

    spin_lock(&namespace_lock);
    error = exchange_locked(left, find_locked(left, a), right, find_locked(right, b));
    spin_unlock(&namespace_lock);
    return error;
}

static int move_entry(struct node *from, const struct node_name *old, struct node *to,
                      const struct node_name *new)
{
    struct tmpfs_entry *entry = create_entry(new);
    struct tmpfs_entry *source, *replaced;
    int error;

    if (!entry)
        return -ENOMEM;
    spin_lock(&namespace_lock);
    source = find_locked(from, old);
    replaced = find_locked(to, new);
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

static int rename(struct node *from, const struct node_name *old, struct node *to,
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

static void list(struct node *directory, uint64_t *position, struct directory_buffer *buffer)
{
    struct tmpfs_entry *at;

    if (*position == DIRECTORY_END)
        return;
    spin_lock(&namespace_lock);
    if (directory_add_dots(directory, position, buffer)) {
        for (at = entry_from_locked(tmpfs_node(directory), *position); at;
             at = TAILQ_NEXT(at, in_order)) {
            struct directory_entry entry = {.inode = at->node->inode, .mode = at->node->mode};

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

const struct node_operations tmpfs_directory_operations = {
    .lookup = lookup,
    .create = create,
    .create_nameless = tmpfs_create_node,
    .link = make_link,
    .unlink = unlink,
    .rename = rename,
    .list = list,
    .release = tmpfs_release,
};
