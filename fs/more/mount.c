// SPDX-License-Identifier: MIT
#include "fs/more/mount.h"

#include <asm/errno.h>

#include "fs/tmpfs/tmpfs.h"
#include "libc/include/string.h"

int fs_mount(struct node *parent, const char *text, struct node *root)
{
    const struct node_name name = {text, strlen(text)};
    int error;

    if (!root)
        return -ENOMEM;
    error = tmpfs_add_link(parent, &name, root, 0, false);
    node_put(root);
    return error;
}
