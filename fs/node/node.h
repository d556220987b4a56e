// SPDX-License-Identifier: MIT
/*
 * Nodes: what names lead to. A directory, a regular file, a symbolic link, a device or a FIFO.
 *
 * This room owns nodes, their places in the tree, the walk along a path, and the check of who may
 * do what. It leaves what is in a node to file systems, and opening to fs/open/.
 *
 * A file system makes nodes with its own operations; fs/node/path.c walks from one to the next and
 * fs/open/open.c makes a struct file of one. There is one tree: the root is a tmpfs, and an entry
 * of a directory may lead to another file system's root.
 *
 * A node remembers one of its places in the tree, for getcwd() and /proc: its parent, to which it
 * holds a reference, and its name there. The parent's entry holds a reference to the child;
 * removing the entry breaks the cycle. namespace_lock covers parent, name and links of all nodes
 * and the entries of all directories; it is never held while user memory is touched.
 */
#ifndef FS_NODE_NODE_H
#define FS_NODE_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asm/stat.h>
#include <bsd/sys/queue.h>
#include <linux/limits.h>
#include <linux/stat.h>

#include "arch/cpu/attach.h"
#include "arch/lock/spinlock.h"

struct file;
struct file_system;
struct node;
struct node_more;
struct pipe;

LIST_HEAD(file_lock_list, file_lock);

/* Nanoseconds since 1970-01-01 UTC: enough until the year 2262. */
typedef int64_t file_time_t;

/* One component of a path: no slash, no NUL within, 1 to NAME_MAX bytes. */
struct node_name {
    const char *text; /* ends with a NUL */
    size_t length;
};

/* What kind of node to make. */
struct node_template {
    uint32_t mode;        /* S_IFMT and permission bits */
    uint32_t device;      /* of a device: its number, as stat() gives it */
    const char *target;   /* of a symbolic link; needs no NUL */
    size_t target_length; /* below PATH_MAX */
};

/* Positions 0 and 1 of a directory are "." and ".."; the others start here. */
#define DIRECTORY_FIRST 2

/*
 * An operation that is NULL is refused. No lock but the kernel lock is held when one is called,
 * except for release, which may be called with namespace_lock held.
 */
struct node_operations {
    /* Directories. Children are given with a reference for the caller. */
    int (*lookup)(struct node *directory, const struct node_name *name, struct node **child);
    int (*create)(struct node *directory, const struct node_name *name,
                  const struct node_template *template, struct node **child);
    /* Symbolic links: copies the target without a NUL; its length, cut to size, or an errno. */
    long (*read_link)(struct node *node, char *buffer, size_t size);
    /* Links of /proc: the node that the link leads to, with a reference, whatever its text says. */
    int (*follow)(struct node *node, struct node **target);
    /* Regular files and those of /proc/PID/fd: sets the file's operations. */
    int (*open)(struct node *node, struct file *file);
    /* Regular files: sets the size. */
    int (*resize)(struct node *node, uint64_t size);
    /* Frees the node: the last reference is gone. */
    void (*release)(struct node *node);
    /* What rooms above ask besides (fs/more/node_more.h), or NULL. */
    const struct node_more *more;
};

/*
 * Each field says which lock guards it, by the name that it has in docs/architecture.md, "Locks".
 * What is constant is set before anybody else knows of the node.
 */
struct node {
    const struct node_operations *operations; /* lock: none, constant */
    uint32_t references;                      /* lock: none, atomic */
    uint32_t mode;        /* lock: kernel; S_IFMT, which is constant, and permission bits */
    uint32_t links;       /* lock: namespace; the kernel lock does to read */
    uint32_t user, group; /* lock: kernel; whose it is */
    uint32_t device;      /* lock: none, constant; of a device node: its number */
    const struct file_system *file_system; /* lock: none, constant; fs/more/node_more.h */
    uint64_t inode;                        /* lock: none, constant */
    file_time_t accessed;                  /* lock: kernel */
    file_time_t modified, changed;         /* lock: kernel; none, atomic, for writes to a mapping */
    struct node *parent; /* lock: namespace; with a reference; the root's is itself, without */
    const char *name;    /* lock: namespace; in the parent's entry; NULL when it has no place */
    char *last_name;     /* lock: namespace; its last name, while it has no place, or NULL */
    bool may_be_linked;  /* lock: kernel; has no name yet and may get one: O_TMPFILE */
    struct pipe *pipe;   /* lock: kernel; of a FIFO, while it is open (fs/pipe/) */
    uint32_t seals;      /* lock: kernel; F_SEAL_* (fs/more/seals.h) */
    struct file_lock_list locks; /* lock: kernel; what they are, fs/lock/ says */
};

extern struct spinlock namespace_lock;

/* A node has been set up, and nothing refers to it yet. It may not fail. */
EVENT(node_begins, void, struct node *node);

/* Sets up a new node, with one reference. */
void node_init(struct node *node, const struct node_operations *operations, uint32_t mode,
               const struct file_system *file_system);

/*
 * The running task has made a node, which nobody else has seen yet; its user and group are 0, its
 * mode is what was asked for. directory is where it gets its name; NULL: nowhere. The kernel lock
 * is held, and no other. It may not fail.
 */
EVENT(node_is_made, void, struct node *node, const struct node *directory);

void node_get(struct node *node);
void node_put(struct node *node);

static inline bool node_is_directory(const struct node *node)
{
    return S_ISDIR(node->mode);
}

/* Gives a node its place, when an entry is made for it. */
void node_attach_locked(struct node *node, struct node *parent, const char *name);

/* The parent of a directory, with a reference; the root's is the root. */
struct node *node_parent(struct node *directory);

/* ---- who may do what ---- */

/* The access that is wanted: bits as in access(), and in one class of users in a mode. */
#define MAY_EXECUTE 1 /* of a directory: look for names in it */
#define MAY_WRITE   2
#define MAY_READ    4
#define MAY_HIDE    8 /* hide the access (O_NOATIME): the owner alone, else -EPERM */

/*
 * Provided: 0, or -EACCES if any of it is refused. Without a room that knows users the only one is
 * root, who owns all nodes; a mode then says only whether a file is a program.
 */
int node_permission(const struct node *node, unsigned int wanted);

#endif
