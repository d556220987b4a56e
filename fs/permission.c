// SPDX-License-Identifier: MIT
/*
 * Permissions. The class of users that a task is of decides alone: who owns a file that only others
 * may read may not read it.
 */
#include "fs/permission.h"

#include <asm/errno.h>

#include "kernel/credentials.h"
#include "kernel/task.h"

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
    if (node->operations->has_fixed_mode)
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
    const struct credentials *credentials = &current()->credentials;

    if (!(wanted & ~allowed(credentials, node)) || overrides(credentials, node, wanted))
        return 0;
    return -EACCES;
}

bool task_is_in_group(uint32_t group)
{
    return credentials_are_of_group(&current()->credentials, group);
}

bool node_is_own(const struct node *node)
{
    return current()->credentials.user.file == node->user || task_may(CAP_FOWNER);
}

int may_add_name(const struct node *directory)
{
    return directory->links ? node_permission(directory, MAY_WRITE | MAY_EXECUTE) : -ENOENT;
}

void own_new_node(struct node *node, const struct node *directory)
{
    const struct credentials *credentials = &current()->credentials;

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

int may_remove_name(const struct node *directory, const struct node *child)
{
    int error = node_permission(directory, MAY_WRITE | MAY_EXECUTE);

    if (error)
        return error;
    if ((directory->mode & S_ISVTX) && !node_is_own(child) &&
        current()->credentials.user.file != directory->user)
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

void drop_set_id_bits(struct node *node)
{
    if (S_ISREG(node->mode) && !task_may(CAP_FSETID))
        node->mode &= ~set_id_bits(node);
}
