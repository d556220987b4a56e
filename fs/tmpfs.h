// SPDX-License-Identifier: MIT
/*
 * tmpfs: the file system that lives in memory. It owns its nodes, the entries of its directories
 * and the contents of its files, which are memory objects.
 */
#ifndef FS_TMPFS_H
#define FS_TMPFS_H

#include <stdint.h>

#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>

#include "arch/types.h"
#include "fs/node.h"
#include "kernel/io_iter.h"

#define TMPFS_DEVICE       1 /* st_dev of the one that there is */
#define TMPFS_MEMFD_DEVICE 6 /* and of memfds: no directory's, and no number of fs/pseudo.h */

/*
 * As Linux's tmpfs by default: half of all memory for what is in files, and as many nodes and
 * further names as half of all pages, so that no user fills memory with what no process has to
 * answer for. What the machine was started with does not count, nor do memfds, which their
 * processes answer for.
 */
struct tmpfs_usage {
    uint64_t blocks, blocks_used; /* pages */
    uint64_t nodes, nodes_used;
};

/* From now on what is made counts. */
void tmpfs_start_limits(void);

void tmpfs_read_usage(struct tmpfs_usage *usage);

struct memory_object;
struct tmpfs_entry;

RB_HEAD(tmpfs_names, tmpfs_entry);
TAILQ_HEAD(tmpfs_order, tmpfs_entry);

struct tmpfs_node {
    struct node node;
    bool is_counted; /* against the limits */
    union {
        struct {
            struct tmpfs_names names; /* by name */
            struct tmpfs_order order; /* by position: as they were made */
            uint64_t next_position;
        } directory;
        struct memory_object *object; /* regular file */
        char *target;                 /* symbolic link */
    };
};

static inline struct tmpfs_node *tmpfs_node(struct node *node)
{
    return container_of(node, struct tmpfs_node, node);
}

/* The root of a new file system, with the permissions given; or NULL when memory is out. */
struct node *tmpfs_create_root(uint32_t permissions);

/* A file that hangs nowhere, for memfd_create(). */
int tmpfs_create_unlinked(struct node **node);

/*
 * Writes to a regular file (fs/tmpfs_file.c), which is made as large as it needs to be. Bytes
 * moved, or a negative errno; *offset moves on.
 */
long tmpfs_file_write(struct node *node, struct io_iter *from, uint64_t *offset);

/* ---- Between the files of tmpfs ---- */

extern const struct node_operations tmpfs_directory_operations; /* fs/tmpfs_directory.c */
extern const struct node_operations tmpfs_file_operations;      /* fs/tmpfs_file.c */

/* A node that hangs nowhere, with one reference; -ENOMEM, or -ENOSPC. */
int tmpfs_create_node(const struct node_template *template, struct node **result);

/*
 * A further name of a node counts as a node, also that of a node which does not count itself:
 * false when there may be no more. And one that counts goes.
 */
bool tmpfs_count_name(bool *is_counted);
void tmpfs_uncount_name(void);

/* The release operation of every node. */
void tmpfs_release(struct node *node);

#endif
