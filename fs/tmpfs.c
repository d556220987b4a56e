// SPDX-License-Identifier: MIT
/*
 * tmpfs: nodes and directories. An entry hangs in its directory twice: in a tree by name, for
 * lookups, and in a list by position, for getdents64.
 *
 * Positions count on from those of "." and "..", and none is given out twice.
 */
#include "fs/tmpfs.h"

#include <asm/errno.h>
#include <linux/fs.h>

#include "arch/bug.h"
#include "fs/directory.h"
#include "libc/include/string.h"
#include "mm/object.h"
#include "mm/slab.h"

#define FILE_SYSTEM 1 /* st_dev of the one tmpfs */

struct tmpfs_entry {
    RB_ENTRY(tmpfs_entry) by_name;
    TAILQ_ENTRY(tmpfs_entry) in_order;
    struct node *node; /* with a reference */
    uint64_t position;
    size_t length;
    char name[];
};

static const struct node_operations directory_operations, file_operations, link_operations,
    special_operations;

static int compare_entries(const struct tmpfs_entry *a, const struct tmpfs_entry *b)
{
    return strcmp(a->name, b->name);
}

RB_PROTOTYPE(tmpfs_names, tmpfs_entry, by_name, compare_entries)
RB_GENERATE(tmpfs_names, tmpfs_entry, by_name, compare_entries)

/* ---- Nodes ---------------------------------------------------------------------------------- */

static const struct node_operations *operations_for(uint32_t mode)
{
    if (S_ISDIR(mode))
        return &directory_operations;
    if (S_ISREG(mode))
        return &file_operations;
    return S_ISLNK(mode) ? &link_operations : &special_operations;
}

/* A file's object belongs to its node: what maps the file keeps the node, and so its name. */
static void get_owner(struct memory_object *object)
{
    node_get(object->owner);
}

static void put_owner(struct memory_object *object)
{
    node_put(object->owner);
}

static int create_object(struct tmpfs_node *node)
{
    static const struct object_owner_operations operations = {get_owner, put_owner};

    node->object = object_create();
    if (!node->object)
        return -ENOMEM;
    node->object->owner_operations = &operations;
    node->object->owner = &node->node;
    return 0;
}

/* Makes what the kind of node needs besides the node. */
static int init_content(struct tmpfs_node *node, const struct node_template *template)
{
    if (S_ISDIR(node->node.mode)) {
        RB_INIT(&node->directory.names);
        TAILQ_INIT(&node->directory.order);
        node->directory.next_position = DIRECTORY_FIRST;
    } else if (S_ISREG(node->node.mode)) {
        return create_object(node);
    } else if (S_ISLNK(node->node.mode)) {
        node->target = kmalloc(template->target_length + 1);
        if (!node->target)
            return -ENOMEM;
        memcpy(node->target, template->target, template->target_length);
        node->target[template->target_length] = '\0';
    }
    return 0;
}

static int create_node(const struct node_template *template, struct node **result)
{
    struct tmpfs_node *node = kzalloc(sizeof(*node));
    int error;

    if (!node)
        return -ENOMEM;
    node_init(&node->node, operations_for(template->mode), template->mode, FILE_SYSTEM);
    node->node.device = template->device;
    error = init_content(node, template);
    if (error) {
        kfree(node);
        return error;
    }
    *result = &node->node;
    return 0;
}

static void release_node(struct node *node)
{
    struct tmpfs_node *tmpfs = tmpfs_node(node);

    if (S_ISDIR(node->mode))
        assert(RB_EMPTY(&tmpfs->directory.names));
    else if (S_ISREG(node->mode))
        object_destroy(tmpfs->object);
    else if (S_ISLNK(node->mode))
        kfree(tmpfs->target);
    kfree(tmpfs);
}

struct node *tmpfs_create_root(uint32_t permissions)
{
    struct node_template template = {.mode = S_IFDIR | permissions};
    struct node *root;

    if (create_node(&template, &root))
        return NULL;
    root->links = 2;
    root->parent = root;
    return root;
}

int tmpfs_create_unlinked(struct node **node)
{
    struct node_template template = {.mode = S_IFREG | 0777};

    return create_node(&template, node);
}

/* ---- Entries -------------------------------------------------------------------------------- */

static struct tmpfs_entry *create_entry(const struct node_name *name)
{
    struct tmpfs_entry *entry = kmalloc(sizeof(*entry) + name->length + 1);

    if (entry) {
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

/* After the node's entry is gone. */
static void drop_links_locked(struct node *node)
{
    node->links -= S_ISDIR(node->mode) ? 2 : 1;
}

/* ---- Directories ---------------------------------------------------------------------------- */

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
    int error = create_node(template, &node);

    if (error)
        return error;
    if (S_ISDIR(node->mode)) /* its files' group is inherited all the way down */
        node->mode |= directory->mode & S_ISGID;
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
        drop_links_locked(child);
    }
    spin_unlock(&namespace_lock);
    if (!error) {
        kfree(entry);
        node_put(child); /* the entry's */
    }
    return error;
}

/* Whether node lies in the tree below directory, or is it. */
static bool contains_locked(const struct node *directory, const struct node *node)
{
    for (; node != directory; node = node->parent)
        if (node->parent == node)
            return false;
    return true;
}

/* Whether entry, which leads to moved, may go into the directory in place of replaced or of none.
 */
static int may_move_locked(const struct tmpfs_entry *entry, const struct node *from,
                           const struct node *to, const struct tmpfs_entry *replaced)
{
    const struct node *moved;

    if (!entry || !to->links)
        return -ENOENT;
    moved = entry->node;
    if (moved->mounted)
        return -EBUSY;
    if (S_ISDIR(moved->mode) && contains_locked(moved, to))
        return -EINVAL;
    if (!replaced)
        return 0;
    if (contains_locked(replaced->node, from))
        return -ENOTEMPTY;
    if (S_ISDIR(moved->mode) && !S_ISDIR(replaced->node->mode))
        return -ENOTDIR;
    if (!S_ISDIR(moved->mode) && S_ISDIR(replaced->node->mode))
        return -EISDIR;
    return may_remove_locked(replaced, replaced->node);
}

/* Moves the entry at old to the new entry; *replaced is the entry that gave way, or NULL. */
static int move_locked(struct node *from, struct tmpfs_entry *old, struct node *to,
                       struct tmpfs_entry *new, struct tmpfs_entry **replaced)
{
    int error = may_move_locked(old, from, to, *replaced);

    if (error)
        return error;
    if (*replaced)
        drop_links_locked(remove_locked(to, *replaced));
    insert_locked(to, new, remove_locked(from, old));
    return 0;
}

static int move_entry(struct node *from, const struct node_name *old, struct node *to,
                      const struct node_name *new, unsigned int flags)
{
    struct tmpfs_entry *entry = create_entry(new);
    struct tmpfs_entry *source, *replaced;
    int error = 0;

    if (!entry)
        return -ENOMEM;
    spin_lock(&namespace_lock);
    source = find_locked(from, old);
    replaced = find_locked(to, new);
    if (replaced && (flags & RENAME_NOREPLACE))
        error = -EEXIST;
    else if (!source || !replaced || source->node != replaced->node)
        error = move_locked(from, source, to, entry, &replaced);
    else
        source = entry; /* two names of one file: nothing happens */
    spin_unlock(&namespace_lock);
    if (error || source == entry) {
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
    }
    spin_unlock(&namespace_lock);
}

static long read_link(struct node *node, char *buffer, size_t size)
{
    const char *target = tmpfs_node(node)->target;
    size_t length = strlen(target);

    if (length > size)
        length = size;
    memcpy(buffer, target, length);
    return length;
}

static void link_status(struct node *node, struct stat *status)
{
    status->st_size = strlen(tmpfs_node(node)->target);
}

static const struct node_operations directory_operations = {
    .lookup = lookup,
    .create = create,
    .link = make_link,
    .unlink = unlink,
    .rename = move_entry,
    .list = list,
    .release = release_node,
};

static const struct node_operations file_operations = {
    .open = tmpfs_file_open,
    .resize = tmpfs_file_resize,
    .status = tmpfs_file_status,
    .release = release_node,
};

static const struct node_operations link_operations = {
    .read_link = read_link,
    .status = link_status,
    .release = release_node,
};

static const struct node_operations special_operations = {
    .release = release_node,
};
