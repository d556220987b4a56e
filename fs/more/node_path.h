// SPDX-License-Identifier: MIT
/*
 * Where a node is in the tree, and what it is called there.
 */
#ifndef FS_MORE_NODE_PATH_H
#define FS_MORE_NODE_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "fs/node/node.h"

/*
 * The absolute path of a node, with " (deleted)" behind it if it hangs nowhere. Returns the
 * length without the NUL, or -ENAMETOOLONG.
 */
long node_path(struct node *node, char *buffer, size_t size);
bool node_is_linked(struct node *node);

/* Whether node lies in the tree below directory, or is it. */
bool node_contains(const struct node *directory, const struct node *node);

/*
 * Takes a node's place away, as its entry is removed. It keeps its parent, so that ".." still leads
 * somewhere.
 */
void node_detach_locked(struct node *node, const char *name);

/* Names a node that hangs nowhere, for node_path(); when there is no memory, it has no name. */
void node_set_last_name(struct node *node, const char *name);

#endif
