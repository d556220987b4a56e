// SPDX-License-Identifier: MIT
/*
 * Operations on nodes that rooms above alone ask for, besides those of fs/node/node.h.
 */
#ifndef FS_MORE_NODE_MORE_H
#define FS_MORE_NODE_MORE_H

#include "fs/node/node.h"

struct directory_buffer;
struct statfs;

/* What is NULL is refused. No lock is held when one is called. */
struct node_more {
    /* Directories. A new node is given with a reference for the caller. */
    int (*create_nameless)(const struct node_template *template, struct node **node);
    int (*link)(struct node *directory, const struct node_name *name, struct node *child);
    /* Takes out the entry if it is (still) child's. A directory must be empty. */
    int (*unlink)(struct node *directory, const struct node_name *name, struct node *child);
    /*
     * Moves an entry, which may replace one of another node of the same kind, or exchanges two
     * (RENAME_EXCHANGE); both of one file system, and neither in the other's tree.
     */
    int (*rename)(struct node *from, const struct node_name *old, struct node *to,
                  const struct node_name *new, unsigned int flags);
    /* Adds entries from *position on until the buffer is full, and moves *position on. */
    void (*list)(struct node *directory, uint64_t *position, struct directory_buffer *buffer);
    /* Regular files: zeroes bytes that the file has, and makes sure of memory for bytes. */
    int (*zero)(struct node *node, uint64_t start, uint64_t end);
    int (*allocate)(struct node *node, uint64_t start, uint64_t end);
    /* Adds what the node itself does not hold: st_size, st_blocks. */
    void (*status)(struct node *node, struct stat *status);
    /* No capability overrides the mode, and nobody changes it or the owner: /proc/sys. */
    bool has_fixed_mode;
};

/* What is the same for all nodes of a file system. */
struct file_system {
    uint32_t device; /* st_dev */
    long magic;      /* f_type of statfs() */
    /* The errno when a name is made in a directory without create; 0: the call's own. */
    int refusal;
    /* Fills in what there is and what is free. NULL: there are no limits, shown as 0. */
    void (*usage)(struct statfs *status);
};

/* The errno for making a name in a directory that takes none. */
static inline int node_refusal(const struct node *directory, int may_not)
{
    return directory->file_system->refusal ? directory->file_system->refusal : may_not;
}

/* Whether names may be put into a directory: 0, -ENOENT when it was removed, or -EACCES. */
int may_add_name(const struct node *directory);

/* The number of a device as st_rdev has it (Linux's new_encode_dev()). */
static inline uint32_t device_number(uint32_t major, uint32_t minor)
{
    return (minor & 0xff) | (major << 8) | ((minor & ~0xffu) << 12);
}

static inline const struct node_more *node_more(const struct node *node)
{
    static const struct node_more nothing;

    return node->operations->more ? node->operations->more : &nothing;
}

#endif
