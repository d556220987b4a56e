// SPDX-License-Identifier: MIT
/*
 * Paths: the walk is one loop. A room above that follows links puts their targets into the path.
 */
#include "fs/node/path.h"

#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/openat2.h>

#include "arch/mmu/usercopy.h"
#include "fs/node/node.h"
#include "kernel/file/file.h"
#include "kernel/task/task.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"

struct node *path_root;

static void walk_to(struct walk *walk, struct node *node)
{
    node_put(walk->at);
    walk->at = node;
}

/*
 * Copies the next component into end and moves the rest past it and the slashes after it. If it is
 * too long for a name, only its length is right.
 */
static void next_component(struct walk *walk, struct path_end *end)
{
    size_t length = 0, kept;

    while (walk->rest[length] && walk->rest[length] != '/')
        length++;
    end->name = (struct node_name){.text = end->text, .length = length};
    kept = length < NAME_MAX ? length : NAME_MAX;
    memcpy(end->text, walk->rest, kept);
    end->text[kept] = '\0';
    walk->rest += length;
    end->wants_directory = *walk->rest == '/';
    while (*walk->rest == '/')
        walk->rest++;
    if (!strcmp(end->text, "."))
        end->last = PATH_LAST_DOT;
    else if (!strcmp(end->text, ".."))
        end->last = PATH_LAST_DOT_DOT;
    else
        end->last = PATH_LAST_NAME;
}

/* The node that the component leads to from the directory where the walk stands. */
static int find_child(struct walk *walk, const struct path_end *end, struct node **child)
{
    int error;

    if (!node_is_directory(walk->at))
        return -ENOTDIR;
    error = node_permission(walk->at, MAY_EXECUTE);
    if (error)
        return error;
    if (end->name.length > NAME_MAX)
        return -ENAMETOOLONG;
    if (end->last == PATH_LAST_NAME)
        return walk->at->operations->lookup(walk->at, &end->name, child);
    if (end->last == PATH_LAST_DOT_DOT && walk->at != walk->root) {
        *child = node_parent(walk->at);
        return 0;
    }
    node_get(walk->at);
    *child = walk->at;
    return 0;
}

/* Whether the walk may go on to a node, by a component of this kind. */
static int check_step(const struct walk *walk, enum path_last how, const struct node *to)
{
    return walk->resolve ? ASK(step_is_restricted, walk, how, to) : 0;
}

/* An absolute path, or target of a link, starts again at the root. */
static int start_at_root(struct walk *walk)
{
    int error;

    if (*walk->rest != '/')
        return 0;
    error = check_step(walk, PATH_LAST_ROOT, walk->root);
    if (error)
        return error;
    node_get(walk->root);
    walk_to(walk, walk->root);
    while (*walk->rest == '/')
        walk->rest++;
    return 0;
}

static bool follows_last(const struct walk *walk, const struct path_end *end)
{
    bool follow = walk->flags & PATH_FOLLOW;

    return walk->flags & PATH_ENTRY ? follow && !end->wants_directory
                                    : follow || end->wants_directory;
}

/* Whether the caller accepts that the last component is missing. */
static bool may_be_missing(const struct walk *walk, int error)
{
    if (!(walk->flags & PATH_ENTRY))
        return false;
    return error == -ENOENT || (error == -ENAMETOOLONG && (walk->flags & PATH_ANY_LENGTH));
}

/* Walks one component. Sets end->node if it was the last. */
static int step(struct walk *walk, struct path_end *end, bool *done)
{
    struct node *child;
    bool is_last;
    int error;

    next_component(walk, end);
    is_last = !*walk->rest;
    error = find_child(walk, end, &child);
    if (is_last && may_be_missing(walk, error)) {
        *done = true;
        return 0;
    }
    if (error)
        return error;
    if (S_ISLNK(child->mode) && (!is_last || follows_last(walk, end)))
        error = ASK(link_is_followed, walk, end, &child);
    if (error == LINK_IS_EXPANDED) {
        node_put(child);
        return start_at_root(walk);
    }
    if (error >= 0)
        error = check_step(walk, end->last, child);
    if (error) {
        node_put(child);
        return error;
    }
    if (is_last) {
        end->node = child;
        *done = true;
    } else {
        walk_to(walk, child);
    }
    return 0;
}

static int walk_all(struct walk *walk, struct path_end *end)
{
    bool done = false;
    int error = start_at_root(walk);

    while (!error && !done && *walk->rest)
        error = step(walk, end, &done);
    if (error)
        return error;
    if (!done) { /* a path, or a link's target, of nothing but slashes */
        end->last = PATH_LAST_ROOT;
        end->wants_directory = true;
        node_get(walk->at);
        end->node = walk->at;
    }
    if (end->node && end->wants_directory && !node_is_directory(end->node) &&
        !(walk->flags & PATH_ENTRY)) {
        node_put(end->node);
        return -ENOTDIR;
    }
    return 0;
}

int path_walk(struct node *base, const char *path, enum path_flags flags, struct path_end *end)
{
    struct walk walk = {.at = base, .rest = path, .flags = flags, .root = path_root};
    int error;

    walk.resolve = flags >> PATH_RESOLVE_SHIFT;
    if (walk.resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT))
        walk.root = base;
    *end = (struct path_end){.last = PATH_LAST_ROOT};
    if (!*path)
        return -ENOENT;
    node_get(base);
    error = walk_all(&walk, end);
    kfree(walk.expanded);
    if (error)
        node_put(walk.at);
    else
        end->directory = walk.at;
    return error;
}

void path_end_put(struct path_end *end)
{
    node_put(end->directory);
    node_put(end->node);
}

int path_lookup(struct node *base, const char *path, enum path_flags flags, struct node **node)
{
    struct path_end end;
    int error = path_walk(base, path, flags, &end);

    if (error)
        return error;
    *node = end.node;
    node_put(end.directory);
    return 0;
}

/* ---- paths in system calls ---- */

int path_from_user(uintptr_t user, enum path_user_flags flags, char **path)
{
    char *buffer = kmalloc(PATH_MAX);
    long length;
    int error = 0;

    if (!buffer)
        return -ENOMEM;
    length = strncpy_from_user(buffer, user, PATH_MAX);
    if (length < 0)
        error = length;
    else if (length == PATH_MAX)
        error = -ENAMETOOLONG;
    else if (length == 0 && !(flags & PATH_USER_EMPTY))
        error = -ENOENT;
    if (error) {
        kfree(buffer);
        return error;
    }
    *path = buffer;
    return 0;
}

__attribute__((weak)) struct node *working_directory(void)
{
    node_get(path_root);
    return path_root;
}

int path_base(int fd, const char *path, struct node **base)
{
    struct file *file;
    int error = 0;

    if (*path == '/') {
        *base = path_root;
        node_get(*base);
        return 0;
    }
    if (fd == AT_FDCWD) {
        *base = working_directory();
        return 0;
    }
    file = file_table_get(current()->files, fd);
    if (!file)
        return -EBADF;
    if (file->node && node_is_directory(file->node)) {
        node_get(file->node);
        *base = file->node;
    } else {
        error = -ENOTDIR;
    }
    file_put(file);
    return error;
}

int path_lookup_at(int fd, const char *path, enum path_flags flags, struct node **node)
{
    struct node *base;
    int error = path_base(fd, path, &base);

    if (error)
        return error;
    error = path_lookup(base, path, flags, node);
    node_put(base);
    return error;
}
