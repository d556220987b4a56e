// SPDX-License-Identifier: MIT
/*
 * Path lookup: the only walk from a path to a node.
 */
#ifndef FS_NODE_PATH_H
#define FS_NODE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/node/node.h"

/*
 * PATH_FOLLOW: a symbolic link as the last component is followed.
 * PATH_ENTRY: the caller makes, removes or moves the directory's entry, so it may be missing. If
 * slashes follow the last component, a link there is not followed; without this flag it is, and
 * anything but a directory is an error.
 * PATH_ANY_LENGTH: with PATH_ENTRY, an entry whose name is too long also counts as missing.
 * PATH_EMPTY: path_lookup_user() (fs/more/path_more.h) takes an empty path for the descriptor's own
 * node. RESOLVE_* of openat2(), shifted by PATH_RESOLVE_SHIFT, forbid ways that the walk may take.
 */
enum path_flags {
    PATH_NO_FOLLOW = 0,
    PATH_FOLLOW = 1 << 0,
    PATH_ENTRY = 1 << 1,
    PATH_EMPTY = 1 << 2,
    PATH_ANY_LENGTH = 1 << 3,
    PATH_RESOLVE_SHIFT = 8,
};

/* What the last component is: some calls refuse all but a name. */
enum path_last {
    PATH_LAST_NAME,
    PATH_LAST_DOT,
    PATH_LAST_DOT_DOT,
    PATH_LAST_ROOT, /* there is none: the path is only slashes */
};

/* Where a path leads. */
struct path_end {
    struct node *directory; /* the one that has the last component, with a reference */
    struct node *node;      /* what it leads to, with a reference; NULL: missing (PATH_ENTRY) */
    enum path_last last;
    bool wants_directory; /* slashes follow the last component */
    struct node_name name;
    char text[NAME_MAX + 1]; /* the name */
};

/* The state of a walk. */
struct walk {
    struct node *at;  /* where it stands, with a reference */
    const char *rest; /* of the path */
    char *expanded;   /* the buffer that rest points into after a link, or NULL */
    unsigned int links;
    enum path_flags flags;
    struct node *root;    /* where absolute paths lead and ".." goes no further */
    unsigned int resolve; /* RESOLVE_* of openat2() */
};

/*
 * A walk comes to a symbolic link that it is to follow. A room that can do so replaces *node, with
 * its reference, by what the link leads to; or it puts the link's target before the rest of the
 * path, in a buffer that becomes walk->expanded. An errno ends the walk. 0: it goes on to *node.
 */
EVENT(link_is_followed, int, struct walk *walk, const struct path_end *end, struct node **node);
#define LINK_IS_EXPANDED 1

/* A walk with resolve is about to go to a node, by a component of this kind: 0 or -EXDEV. */
EVENT(step_is_restricted, int, const struct walk *walk, enum path_last how, const struct node *to);

/*
 * Walks the path from base, which must be a directory unless the path is absolute. Errors:
 * -ENOENT (also for an empty path), -ENOTDIR, -EACCES, -ELOOP, -EXDEV, -ENAMETOOLONG, -ENOMEM; then
 * there is nothing to put.
 */
int path_walk(struct node *base, const char *path, enum path_flags flags, struct path_end *end);
void path_end_put(struct path_end *end);

/* As path_walk(), to an existing node, and gives only that. */
int path_lookup(struct node *base, const char *path, enum path_flags flags, struct node **node);

/* The root directory, without a reference: it is never freed. Set once, by fs_init(). */
extern struct node *path_root;

/* ---- paths in system calls ---- */

/*
 * Copies a path from user space: -EFAULT, -ENAMETOOLONG, -ENOENT when it is empty (but not with
 * PATH_USER_EMPTY). The caller frees it by kfree().
 */
enum path_user_flags {
    PATH_USER_NOT_EMPTY = 0,
    PATH_USER_EMPTY = 1 << 0,
};
int path_from_user(uintptr_t user, enum path_user_flags flags, char **path);

/*
 * The directory that a path of a system call starts from, with a reference: the root for an
 * absolute path, the working directory for AT_FDCWD, else the open directory; -EBADF, -ENOTDIR.
 */
int path_base(int fd, const char *path, struct node **base);

/* As path_lookup() from there. */
int path_lookup_at(int fd, const char *path, enum path_flags flags, struct node **node);

/* Provided: the node of the working directory, with a reference; without a provider the root. */
struct node *working_directory(void);

#endif
