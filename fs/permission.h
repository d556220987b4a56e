// SPDX-License-Identifier: MIT
/*
 * Who may do what with a node: its owner, group and mode against the running task's credentials,
 * by the rules of path_resolution(7), "Permissions", and capabilities(7).
 */
#ifndef FS_PERMISSION_H
#define FS_PERMISSION_H

#include <stdbool.h>
#include <stdint.h>

#include "fs/node.h"

/* What is wanted: the bits of access() and of one class of users in a mode. */
#define MAY_EXECUTE 1 /* of a directory: look for names in it */
#define MAY_WRITE   2
#define MAY_READ    4

/* 0, or -EACCES if any of it is refused. */
int node_permission(const struct node *node, unsigned int wanted);

/* Whether the task owns the node, or has CAP_FOWNER, which counts as much. */
bool node_is_own(const struct node *node);

/* Whether the task is a member of a group. */
bool task_is_in_group(uint32_t group);

/* Whether names may be put into a directory: 0, -ENOENT when it was removed, or -EACCES. */
int may_add_name(const struct node *directory);

/*
 * Makes a new node the task's; what is made in a directory with S_ISGID is the directory's group's.
 * directory NULL: of none.
 */
void own_new_node(struct node *node, const struct node *directory);

/*
 * Whether child's name may be taken out of a directory; with S_ISVTX only by the owner of either:
 * 0, -EACCES or -EPERM.
 */
int may_remove_name(const struct node *directory, const struct node *child);

/*
 * The bits of a mode that a change of the contents takes away, lest the new contents run as the
 * owner or the group: S_ISUID, and S_ISGID of a program or of a group that the task is not in.
 */
uint32_t set_id_bits(const struct node *node);

/* Takes them away after a write or a change of size by a task without CAP_FSETID. */
void drop_set_id_bits(struct node *node);

#endif
