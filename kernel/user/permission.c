// SPDX-License-Identifier: MIT
/*
 * Permissions. The class of users that a task is of decides alone: who owns a file that only others
 * may read may not read it.
 */
#include "kernel/user/permission.h"

#include <asm/errno.h>

#include "fs/more/events.h"
#include "fs/more/node_more.h"
#include "fs/node/node.h"
#include "kernel/call/permission.h"
#include "kernel/task/task.h"
#include "kernel/user/credentials.h"

#define CLASS_BITS  07
#define OWNER_SHIFT 6
#define GROUP_SHIFT 3

/* The bits of the mode for the class that the task is of. */
static unsigned int allowed(const struct credentials *credentials, const struct node *node)
{
    if (credentials->user.file == node->user)
        return node->mode >> OWNER_SHIFT & CLASS_BITS;
    if (credentials_are_of_group(credentials, node->group))
        return node->mode >> GROUP_SHIFT & CLASS_BITS;
    return node->mode & CLASS_BITS;
}

/* Nobody runs what is a program for nobody; all else can be allowed by capabilities. */
static bool overrides(const struct credentials *credentials, const struct node *node,
                      unsigned int wanted)
{
    if (node_more(node)->has_fixed_mode)
        return false;
    unsigned int read_and_search = node_is_directory(node) ? MAY_READ | MAY_EXECUTE : MAY_READ;

    if (!(wanted & ~read_and_search) && credentials_allow(credentials, CAP_DAC_READ_SEARCH))
        return true;
    if ((wanted & MAY_EXECUTE) && !node_is_directory(node) && !(node->mode & 0111))
        return false;
    return credentials_allow(credentials, CAP_DAC_OVERRIDE);
}

int node_permission(const struct node *node, unsigned int wanted)
{
    const struct credentials *credentials = credentials_of(current());
    unsigned int classed = wanted & ~MAY_HIDE;

    if ((classed & ~allowed(credentials, node)) && !overrides(credentials, node, classed))
        return -EACCES;
    return (wanted & MAY_HIDE) && !node_is_own(node) ? -EPERM : 0;
}

bool task_is_in_group(uint32_t group)
{
    return credentials_are_of_group(credentials_of(current()), group);
}

bool node_is_own(const struct node *node)
{
    return credentials_of(current())->user.file == node->user || task_may(CAP_FOWNER);
}

/* Makes it the task's; what is made in a directory with S_ISGID is the directory's group's. */
static void own_new_node(struct node *node, const struct node *directory)
{
    const struct credentials *credentials = credentials_of(current());

    node->user = credentials->user.file;
    node->group = credentials->group.file;
    if (!directory || !(directory->mode & S_ISGID))
        return;
    node->group = directory->group;
    if (node_is_directory(node))
        node->mode |= S_ISGID;
    else if ((node->mode & S_IXGRP) && !task_is_in_group(node->group) && !task_may(CAP_FSETID))
        node->mode &= ~S_ISGID;
}

ATTACH(node_is_made, own_new_node);

int may_remove_name(const struct node *directory, const struct node *child)
{
    int error = node_permission(directory, MAY_WRITE | MAY_EXECUTE);

    if (error)
        return error;
    if ((directory->mode & S_ISVTX) && !node_is_own(child) &&
        credentials_of(current())->user.file != directory->user)
        return -EPERM;
    return 0;
}

uint32_t set_id_bits(const struct node *node)
{
    uint32_t bits = node->mode & S_ISUID;

    if ((node->mode & S_IXGRP) || (!task_is_in_group(node->group) && !task_may(CAP_FSETID)))
        bits |= node->mode & S_ISGID;
    return bits;
}

/*
 * A write or a change of size by a task without CAP_FSETID takes S_ISUID and S_ISGID away, lest the
 * new contents run as the owner or the group.
 */
static void drop_set_id_bits(struct node *node)
{
    if (S_ISREG(node->mode) && !task_may(CAP_FSETID))
        node->mode &= ~set_id_bits(node);
}
ATTACH(content_changes, drop_set_id_bits);
