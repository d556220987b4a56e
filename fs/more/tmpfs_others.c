// SPDX-License-Identifier: MIT
/*
 * The nodes of tmpfs that are neither directories nor regular files: symbolic links, and special
 * files, which are what their device numbers say.
 */
#include <asm/errno.h>

#include "fs/more/node_more.h"
#include "fs/more/tmpfs_more.h"
#include "fs/tmpfs/tmpfs.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"

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
    if (status->st_size >= TMPFS_SHORT_TARGET)
        status->st_blocks = PAGE_SIZE / 512;
}

static const struct node_operations link_operations = {
    .read_link = read_link,
    .more = &(const struct node_more){.status = link_status},
    .release = tmpfs_release_counted,
};

static const struct node_operations special_operations = {
    .release = tmpfs_release_counted,
};

static int create_target(struct tmpfs_node *node, const struct node_template *template)
{
    size_t length = template->target_length;

    node->target = kmalloc(length + 1);
    if (!node->target)
        return -ENOMEM;
    memcpy(node->target, template->target, length);
    node->target[length] = '\0';
    return 0;
}

int tmpfs_init_other(struct tmpfs_node *node, const struct node_template *template)
{
    node->node.device = template->device;
    node->node.operations = S_ISLNK(template->mode) ? &link_operations : &special_operations;
    return S_ISLNK(template->mode) ? create_target(node, template) : 0;
}
