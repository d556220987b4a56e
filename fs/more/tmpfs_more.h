// SPDX-License-Identifier: MIT
/*
 * More of tmpfs (fs/tmpfs/tmpfs.h): files without a name, and names that count.
 */
#ifndef FS_MORE_TMPFS_MORE_H
#define FS_MORE_TMPFS_MORE_H

#include <stdbool.h>

#include "fs/more/node_more.h"
#include "fs/tmpfs/tmpfs.h"

#define TMPFS_DEVICE       1   /* st_dev of the one that there is */
#define TMPFS_SHORT_TARGET 128 /* bytes with the NUL; a longer one takes a page, as on Linux */

/* What the tables of operations have, besides the plain ones, in fs/more/tmpfs_operations.c. */
int tmpfs_link(struct node *directory, const struct node_name *name, struct node *child);
int tmpfs_unlink(struct node *directory, const struct node_name *name, struct node *child);
int tmpfs_rename(struct node *from, const struct node_name *old, struct node *to,
                 const struct node_name *new, unsigned int flags);
void tmpfs_list(struct node *directory, uint64_t *position, struct directory_buffer *buffer);
int tmpfs_zero(struct node *node, uint64_t start, uint64_t end);
int tmpfs_allocate(struct node *node, uint64_t start, uint64_t end);
int tmpfs_create_counted(struct node *directory, const struct node_name *name,
                         const struct node_template *template, struct node **child);
int tmpfs_create_nameless(const struct node_template *template, struct node **node);
void tmpfs_release_counted(struct node *node);
int tmpfs_cut(struct node *node, uint64_t size);
long tmpfs_write_whole(struct memory_object *object, struct io_iter *from, uint64_t offset,
                       size_t size);
int tmpfs_init_other(struct tmpfs_node *node, const struct node_template *template);
void tmpfs_usage(struct statfs *status);

/* The most pages that the files which count may have in all. */
uint64_t tmpfs_block_limit(void);

/* Where data or a hole begins from this offset on; -ENXIO. */
long tmpfs_seek_data(struct memory_object *object, long offset, bool data);

/* A file that hangs nowhere and does not count, for memfd_create(). */
int tmpfs_create_unlinked(struct node **node);

/*
 * A further name of a node counts as a node, also that of a node which does not count itself; one
 * that has no name yet needs no more than itself. False when there may be no more. And one that
 * counts goes.
 */
bool tmpfs_count_name(struct node *node, bool *is_counted);
void tmpfs_uncount_name(void);

#endif
