// SPDX-License-Identifier: MIT
/*
 * tmpfs: its nodes.
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

static const struct file_system file_system = {.device = TMPFS_DEVICE};

__attribute__((weak)) const struct tmpfs_operations *tmpfs_operations(void)
{
    static const struct tmpfs_operations plain = {
        .directory = &directory_operations,
        .file = &file_operations,
        .open_file = &open_file_operations,
        .file_system = &file_system,
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
