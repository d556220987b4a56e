// SPDX-License-Identifier: MIT
/*
 * tmpfs: its nodes, and what keeps one while its content is mapped.
 */
#include "fs/tmpfs/tmpfs.h"

#include <asm/errno.h>

#include "arch/cpu/bug.h"
#include "kernel/file/file.h"
#include "kernel/task/kernel_lock.h"
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

void tmpfs_get_owner(struct memory_object *object)
{
    node_get(object->owner);
}

/* Drops a reference that is not the last one, which needs no lock; or false: it is still there. */
static bool put_unless_last(struct node *node)
{
    uint32_t references = __atomic_load_n(&node->references, __ATOMIC_RELAXED);

    while (references > 1)
        if (__atomic_compare_exchange_n(&node->references, &references, references - 1, true,
                                        __ATOMIC_RELEASE, __ATOMIC_RELAXED))
            return true;
    return false;
}

/*
 * Mappings end without the kernel lock, and areas are merged with their space's lock held, where it
 * must not be taken. An area that is merged away never has the last reference.
 */
void tmpfs_put_owner(struct memory_object *object)
{
    if (put_unless_last(object->owner))
        return;
    kernel_lock();
    node_put(object->owner);
    kernel_unlock();
}

static const struct object_owner_operations owner_operations = {
    .get = tmpfs_get_owner,
    .put = tmpfs_put_owner,
};

static const struct file_system file_system = {.device = TMPFS_DEVICE};

__attribute__((weak)) const struct tmpfs_operations *tmpfs_operations(void)
{
    static const struct tmpfs_operations plain = {
        .directory = &directory_operations,
        .file = &file_operations,
        .open_file = &open_file_operations,
        .owner = &owner_operations,
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
        object_destroy(tmpfs->object);
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
