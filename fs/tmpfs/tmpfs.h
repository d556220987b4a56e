// SPDX-License-Identifier: MIT
/*
 * tmpfs: the file system that lives in memory. It owns its nodes, the entries of its directories
 * and the contents of its files, which are memory objects.
 *
 * It leaves the pages themselves to mm/object/, the walk along a path to fs/node/, symbolic links
 * and special files to fs/more/, and what those name to the rooms that open them (fs/open/open.h).
 */
#ifndef FS_TMPFS_TMPFS_H
#define FS_TMPFS_TMPFS_H

#include <stdint.h>

#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>

#include "arch/cpu/types.h"
#include "fs/node/node.h"
#include "kernel/call/io_iter.h"

struct memory_object;
struct page;
struct tmpfs_entry;

RB_HEAD(tmpfs_names, tmpfs_entry);
TAILQ_HEAD(tmpfs_order, tmpfs_entry);

struct tmpfs_node {
    struct node node;
    bool is_counted; /* against the limits that fs/more/ sets */
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

/* How much of count bytes from offset on lies in offset's page. */
static inline size_t piece_in_page(uint64_t offset, uint64_t count)
{
    uint64_t rest = PAGE_SIZE - offset % PAGE_SIZE;

    return count < rest ? count : rest;
}

/*
 * Reads from *offset on, which is advanced, up to the object's size; a hole reads as zeros. Returns
 * the bytes read; -EFAULT when not even one could be put.
 */
long object_read(struct memory_object *object, struct io_iter *to, uint64_t *offset);

/* The root of a new file system, with the permissions given; or NULL when memory is out. */
struct node *tmpfs_create_root(uint32_t permissions);

/*
 * Writes to a regular file (fs/tmpfs/tmpfs_file.c), which grows as needed. Returns the bytes moved,
 * or a negative errno; *offset is advanced.
 */
long tmpfs_file_write(struct node *node, struct io_iter *from, uint64_t *offset);

/* ---- between the files of tmpfs ---- */

/*
 * Provided: the operations of nodes and files. By default there are directories and regular files,
 * which are found, made, read, written and resized, without access times or limits; pages that are
 * mapped stay mapped when their file is made shorter.
 */
struct tmpfs_operations {
    const struct node_operations *directory;
    const struct node_operations *file;
    const struct file_operations *open_file;
    const struct object_owner_operations *owner; /* of a file's object; or NULL */
    const struct file_system *file_system;       /* or NULL */
    /* As tmpfs_write_piece(). */
    long (*write_piece)(struct memory_object *object, struct io_iter *from, uint64_t offset,
                        size_t size);
    /* Sets the operations of any other kind of node, and makes what it needs. NULL: -EINVAL. */
    int (*init_other)(struct tmpfs_node *node, const struct node_template *template);
};
const struct tmpfs_operations *tmpfs_operations(void);

/* A node without a place in the tree, with one reference; or -ENOMEM. */
int tmpfs_create_node(const struct node_template *template, struct node **result);

/*
 * An entry is in its directory twice: in a tree by name, for lookups, and in a list by position,
 * for getdents64. Positions start after those of "." and "..", and none is used twice.
 * namespace_lock is held in all functions named _locked.
 */
struct tmpfs_entry {
    RB_ENTRY(tmpfs_entry) by_name;
    TAILQ_ENTRY(tmpfs_entry) in_order;
    struct node *node; /* with a reference */
    bool is_counted;   /* against the limit, besides the node */
    uint64_t position;
    size_t length;
    char name[];
};

RB_PROTOTYPE(tmpfs_names, tmpfs_entry, by_name, compare_entries)

/* An entry in no directory yet, for the caller to free; NULL when memory is out. */
struct tmpfs_entry *tmpfs_create_entry(const struct node_name *name);

struct tmpfs_entry *tmpfs_find_locked(struct node *directory, const struct node_name *name);

/* Puts node into the directory under the entry's name; takes over a reference to node. */
void tmpfs_insert_locked(struct node *directory, struct tmpfs_entry *entry, struct node *node);

/* Gives a node, new or old, a name in the directory, and adds links to its count: 0 or an errno. */
int tmpfs_add_link(struct node *directory, const struct node_name *name, struct node *node,
                   unsigned int links, bool is_counted);

/* For fs/more/, whose tables have more operations than these. */
int tmpfs_lookup(struct node *directory, const struct node_name *name, struct node **child);
int tmpfs_create(struct node *directory, const struct node_name *name,
                 const struct node_template *template, struct node **child);
int tmpfs_open(struct node *node, struct file *file);
int tmpfs_resize(struct node *node, uint64_t size);
long tmpfs_read(struct file *file, struct io_iter *to, uint64_t *offset);
long tmpfs_write(struct file *file, struct io_iter *from, uint64_t *offset);
long tmpfs_seek(struct file *file, long offset, int whence);
struct memory_object *tmpfs_object(struct file *file);
void tmpfs_close(struct file *file);

/* Writes to a file, within one page; to a page of it, which is put. Returns the bytes taken. */
long tmpfs_write_piece(struct memory_object *object, struct io_iter *from, uint64_t offset,
                       size_t size);
long tmpfs_write_page(struct page *page, struct io_iter *from, uint64_t offset, size_t size);

/* The release operation of every node. */
void tmpfs_release(struct node *node);

#endif
