// SPDX-License-Identifier: MIT
/*
 * Who may do what with a node: its owner, group and mode against the running task's credentials,
 * by the rules of path_resolution(7), "Permissions", and capabilities(7).
 *
 * It provides node_permission(), and makes what is new its maker's. Here is what calls that remove
 * names and change attributes ask besides.
 */
#ifndef KERNEL_USER_PERMISSION_H
#define KERNEL_USER_PERMISSION_H

#include <stdbool.h>
#include <stdint.h>

#include "fs/node/node.h"

/*
 * Whether child's name may be taken out of a directory; with S_ISVTX only by the owner of either:
 * 0, -EACCES or -EPERM.
 */
int may_remove_name(const struct node *directory, const struct node *child);

/* Whether the task owns the node, or has CAP_FOWNER, which counts as much. */
bool node_is_own(const struct node *node);

/* Whether the task is a member of a group. */
bool task_is_in_group(uint32_t group);

/*
 * The bits of a mode that a change of the contents takes away: S_ISUID, and S_ISGID of a program or
 * of a group that the task is not in.
 */
uint32_t set_id_bits(const struct node *node);

#endif
