// SPDX-License-Identifier: MIT
#include "fs/more/mount.h"

#include <asm/errno.h>

#include "fs/more/node_times.h"
#include "fs/tmpfs/tmpfs.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"

/* What was mounted; it stays. */
struct mount {
    struct mount *next;
    const struct node *root;
    struct node *covered; /* the directory that it hides; in no tree */
};

static struct mount *mounts; /* lock: namespace */

static struct mount *create(const struct node *root)
{
    const struct node_template template = {.mode = S_IFDIR | 0755};
    struct mount *mount = kmalloc(sizeof(*mount));

    if (mount && tmpfs_create_node(&template, &mount->covered)) {
        kfree(mount);
        return NULL;
    }
    if (mount)
        mount->root = root;
    return mount;
}

int fs_mount(struct node *parent, const char *text, struct node *root)
{
    const struct node_name name = {text, strlen(text)};
    struct mount *mount = root ? create(root) : NULL;
    int error = -ENOMEM;

    if (mount)
        error = tmpfs_add_link(parent, &name, root, 0, false);
    node_put(root);
    if (!error) {
        node_touch(parent);
        spin_lock(&namespace_lock);
        mount->next = mounts;
        mounts = mount;
        spin_unlock(&namespace_lock);
    } else if (mount) {
        node_put(mount->covered);
        kfree(mount);
    }
    return error;
}

uint64_t mount_inode_locked(const struct node *root)
{
    const struct mount *mount = mounts;

    while (mount && mount->root != root)
        mount = mount->next;
    return mount ? mount->covered->inode : root->inode;
}
