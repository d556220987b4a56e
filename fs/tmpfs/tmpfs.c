// SPDX-License-Identifier: MIT
/*
 * tmpfs: its nodes and its directories. fs/tmpfs/tmpfs_file.c has the contents of files.
 */
#include "fs/tmpfs/tmpfs.h"

#include <asm/errno.h>

#include "arch/cpu/bug.h"
#include "kernel/file/file.h"
#include "libc/include/string.h"
#include "mm/object/object.h"
#include "mm/page/slab.h"

static const struct node_operations directory_operations = {
    .lookup = tmpfs_lookup,
    .create = tmpfs_create,
    .release = tmpfs_release,
};

static const struct node_operations file_operations = {
    .open = tmpfs_open,
    .resize = tmpfs_resize,
    .release = tmpfs_release,
};

static const struct file_operations open_file_operations = {
    .read = tmpfs_read,
    .write = tmpfs_write,
    .seek = tmpfs_seek,
    .object = tmpfs_object,
    .release = tmpfs_close,
};

__attribute__((weak)) const struct tmpfs_operations *tmpfs_operations(void)
{
    static const struct tmpfs_operations plain = {
        .directory = &directory_operations,
        .file = &file_operations,
        .open_file = &open_file_operations,
        .write_piece = tmpfs_write_piece,
    };

    return &plain;
}

/* ---- nodes ---- */

static int create_object(struct tmpfs_node *node)
{
    node->object = object_create();
    if (!node->object)
        return -ENOMEM;
    node->object->owner_operations = tmpfs_operations()->owner;
    node->object->owner = &node->node;
    return 0;
}

/* Sets the operations of a kind of node, and makes what it needs besides the node. */
static int init_content(struct tmpfs_node *node, const struct node_template *template)
{
    const struct tmpfs_operations *operations = tmpfs_operations();

    if (S_ISDIR(template->mode)) {
        node->node.operations = operations->directory;
        RB_INIT(&node->directory.names);
        TAILQ_INIT(&node->directory.order);
        node->directory.next_position = DIRECTORY_FIRST;
        return 0;
    }
    if (S_ISREG(template->mode)) {
        node->node.operations = operations->file;
        return create_object(node);
    }
    return operations->init_other ? operations->init_other(node, template) : -EINVAL;
}

int tmpfs_create_node(const struct node_template *template, struct node **result)
{
    struct tmpfs_node *node = kzalloc(sizeof(*node));
    int error;

    if (!node)
        return -ENOMEM;
    node_init(&node->node, NULL, template->mode, tmpfs_operations()->file_system);
    error = init_content(node, template);
    if (error)
        kfree(node);
    else
        *result = &node->node;
    return error;
}

void tmpfs_release(struct node *node)
{
    struct tmpfs_node *tmpfs = tmpfs_node(node);

    if (S_ISDIR(node->mode))
        assert(RB_EMPTY(&tmpfs->directory.names));
    else if (S_ISREG(node->mode))
        object_put(tmpfs->object);
    kfree(tmpfs);
}

struct node *tmpfs_create_root(uint32_t permissions)
{
    struct node_template template = {.mode = S_IFDIR | permissions};
    struct node *root;

    if (tmpfs_create_node(&template, &root))
        return NULL;
    root->links = 2;
    root->parent = root;
    return root;
}

/* ---- directories: finding names, and making nodes in them ---- */

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
