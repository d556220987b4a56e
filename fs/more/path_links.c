// SPDX-License-Identifier: MIT
/*
 * Symbolic links on a path, and the ways that openat2() forbids. A link's target replaces the part
 * of the path that has been walked, so the walk remains one loop without recursion.
 */
#include <asm/errno.h>
#include <linux/openat2.h>

#include "fs/node/node.h"
#include "fs/node/path.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"

#define LINKS_MAX 40 /* as Linux */

/* Exchanges a link that leads to a node by itself for that node. */
static int follow_by_itself(const struct walk *walk, struct node **link)
{
    struct node *target;
    int error;

    if (walk->resolve & (RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS))
        return -ELOOP;
    if (walk->resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT))
        return -EXDEV;
    error = (*link)->operations->follow(*link, &target);
    if (error)
        return error;
    node_put(*link);
    *link = target;
    return 0;
}

/* Makes the rest of the path the link's target followed by what was the rest. */
static int expand(struct walk *walk, struct node *link, bool wants_directory)
{
    size_t rest = strlen(walk->rest);
    char *buffer;
    long length;

    if (++walk->links > LINKS_MAX || (walk->resolve & RESOLVE_NO_SYMLINKS))
        return -ELOOP;
    /* Each part of the path may be PATH_MAX long; how many there are LINKS_MAX says. */
    buffer = kmalloc(PATH_MAX + rest + 2);
    if (!buffer)
        return -ENOMEM;
    length = link->operations->read_link(link, buffer, PATH_MAX);
    if (length <= 0) {
        kfree(buffer);
        return length < 0 ? length : -ENOENT;
    }
    if (wants_directory)
        buffer[length++] = '/';
    memcpy(buffer + length, walk->rest, rest + 1);
    kfree(walk->expanded);
    walk->expanded = buffer;
    walk->rest = buffer;
    return LINK_IS_EXPANDED;
}

static int follow(struct walk *walk, const struct path_end *end, struct node **node)
{
    if ((*node)->operations->follow)
        return follow_by_itself(walk, node);
    return expand(walk, *node, end->wants_directory);
}
ATTACH(link_is_followed, follow);

/* Out of the tree that RESOLVE_BENEATH keeps to, and with RESOLVE_NO_XDEV to another file system.
 */
static int restrict_step(const struct walk *walk, enum path_last how, const struct node *to)
{
    if ((walk->resolve & RESOLVE_BENEATH) &&
        (how == PATH_LAST_ROOT || (how == PATH_LAST_DOT_DOT && walk->at == walk->root)))
        return -EXDEV;
    if ((walk->resolve & RESOLVE_NO_XDEV) && to->file_system != walk->at->file_system)
        return -EXDEV;
    return 0;
}
ATTACH(step_is_restricted, restrict_step);
