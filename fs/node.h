// SPDX-License-Identifier: MIT
/*
 * Nodes: what names lead to. A directory, a regular file, a symbolic link, a device or a FIFO.
 *
 * A file system makes nodes with its own operations; fs/path.c walks from one to the next and
 * fs/open.c makes a struct file of one. There is one tree: the root is a tmpfs, and another file
 * system's root may be mounted on a directory.
 *
 * A node remembers one of the places it hangs at, for getcwd() and /proc: its parent, to which it
 * holds a reference, and its name there. A parent's entry holds a reference to the child; taking
 * the entry out breaks the circle. namespace_lock covers parent, name, mounted and links of all
 * nodes and the entries of all directories; it is never held while user memory is touched.
 */
#ifndef FS_NODE_H
#define FS_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asm/stat.h>
#include <linux/limits.h>
#include <linux/stat.h>

#include "arch/spinlock.h"
#include "kernel/file_lock.h"

struct directory_buffer;
struct file;
struct node;
struct pipe;

/* Nanoseconds since 1970-01-01 UTC: enough until the year 2262. */
typedef int64_t file_time_t;

/* One component of a path: no slash, no NUL within, 1 to NAME_MAX bytes. */
struct node_name {
    const char *text; /* ends with a NUL */
    size_t length;
};

/* What a new node shall be. */
struct node_template {
    uint32_t mode;        /* S_IFMT and permission bits */
    uint32_t device;      /* of a device: its number, as stat() gives it */
    const char *target;   /* of a symbolic link; needs no NUL */
    size_t target_length; /* below PATH_MAX */
};

/*
 * What is NULL is refused. No lock is held when one is called, but for release, which may be
 * called with namespace_lock held.
 */
struct node_operations {
    /* Directories. Children are given with a reference for the caller. */
    int (*lookup)(struct node *directory, const struct node_name *name, struct node **child);
    int (*create)(struct node *directory, const struct node_name *name,
                  const struct node_template *template, struct node **child);
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
    /* Symbolic links: copies the target without a NUL; its length, cut to size, or an errno. */
    long (*read_link)(struct node *node, char *buffer, size_t size);
    /* Links of /proc: the node that it leads to, with a reference, whatever its text says. */
    int (*follow)(struct node *node, struct node **target);
    /* Regular files and those of /proc/PID/fd: sets the file's operations. */
    int (*open)(struct node *node, struct file *file);
    /* Regular files: sets the size. */
    int (*resize)(struct node *node, uint64_t size);
    /* Regular files: zeroes bytes that the file has, and makes sure of memory for bytes. */
    int (*zero)(struct node *node, uint64_t start, uint64_t end);
    int (*allocate)(struct node *node, uint64_t start, uint64_t end);
    /* Adds what the node itself does not hold: st_size, st_blocks. */
    void (*status)(struct node *node, struct stat *status);
    /* Frees the node: the last reference is gone. */
    void (*release)(struct node *node);
    /* No capability overrides the mode, and nobody changes it or the owner: /proc/sys. */
    bool has_fixed_mode;
};

struct node {
    const struct node_operations *operations;
    uint32_t references;
    uint32_t mode; /* S_IFMT and permission bits */
    uint32_t links;
    uint32_t user, group; /* whose it is */
    uint32_t device;      /* of a device node: its number */
    uint32_t file_system; /* st_dev */
    uint64_t inode;
    file_time_t accessed, modified, changed;
    struct node *parent;  /* with a reference; the root's is itself, without */
    const char *name;     /* in the parent's entry; NULL when it hangs nowhere */
    char *last_name;      /* while it hangs nowhere: what it was called; NULL: not known */
    bool may_be_linked;   /* has no name yet and may get one: O_TMPFILE */
    struct node *mounted; /* on a directory: the root of another file system, with a reference */
    struct pipe *pipe;    /* of a FIFO, while it is open (fs/pipe.c) */
    struct file_lock_list locks;
    uint32_t seals; /* F_SEAL_* (fs/seals.h) */
};

extern struct spinlock namespace_lock;

/* The number of a device as st_rdev has it (Linux's new_encode_dev()). */
static inline uint32_t device_number(uint32_t major, uint32_t minor)
{
    return (minor & 0xff) | (major << 8) | ((minor & ~0xffu) << 12);
}

/* Sets up a new node, with one reference and the time now. */
void node_init(struct node *node, const struct node_operations *operations, uint32_t mode,
               uint32_t file_system);

void node_get(struct node *node);
void node_put(struct node *node);
/* Drops a reference that is not the last one, which needs no lock; or false, and it is still there.
 */
bool node_put_unless_last(struct node *node);

static inline bool node_is_directory(const struct node *node)
{
    return S_ISDIR(node->mode);
}

/*
 * Gives a node its place and takes it away again, as entries are made and removed. A node without
 * a place keeps its parent, so that ".." still leads somewhere.
 */
void node_attach_locked(struct node *node, struct node *parent, const char *name);
void node_detach_locked(struct node *node, const char *name);

/* Whether node lies in the tree below directory, or is it. */
bool node_contains(const struct node *directory, const struct node *node);

/* The parent of a directory, with a reference; the root's is the root. */
struct node *node_parent(struct node *directory);

/* Shows root in the directory's place from now on. Takes over the reference to root. */
void node_mount(struct node *directory, struct node *root);
/* The root mounted on a directory, or the directory: exchanges the reference. */
struct node *node_cross_mount(struct node *directory);

/* Fills the whole structure. */
void node_status(struct node *node, struct stat *status);

/*
 * The absolute path of a node, with " (deleted)" behind it if it hangs nowhere. Returns the
 * length without the NUL, or -ENAMETOOLONG.
 */
long node_path(struct node *node, char *buffer, size_t size);
bool node_is_linked(struct node *node);

/* Names a node that hangs nowhere, for node_path(); when there is no memory, it has no name. */
void node_set_last_name(struct node *node, const char *name);

file_time_t file_time_now(void);

/* A time as calls give it; one that does not fit becomes the first or the last whole second. */
file_time_t file_time_of(int64_t seconds, int64_t nanoseconds);

#endif
