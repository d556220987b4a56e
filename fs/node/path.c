// SPDX-License-Identifier: MIT
/*
 * Paths. A symbolic link's target replaces the part of the path that has been walked, so the walk
 * is one loop without recursion.
 */
#include "fs/node/path.h"

#include <asm/errno.h>
#include <linux/openat2.h>

#include "fs/node/node.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"

#define LINKS_MAX 40 /* as Linux */

struct node *path_root;

struct walk {
    struct node *at;  /* where the walk stands, with a reference */
    const char *rest; /* of the path */
    char *expanded;   /* the buffer that rest points into after a link, or NULL */
    unsigned int links;
    enum path_flags flags;
    struct node *root;    /* where absolute links lead and ".." goes no further */
    unsigned int resolve; /* RESOLVE_* */
};

static void walk_to(struct walk *walk, struct node *node)
{
    node_put(walk->at);
    walk->at = node;
}

/*
 * Puts the next component into the end and moves the rest past it and the slashes after it. Of one
 * that is too long for a name only the length is right.
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

/* What ".." leads to; -EXDEV where that is out of the tree that RESOLVE_BENEATH keeps to. */
static int find_parent(const struct walk *walk, struct node **parent)
{
    if (walk->at != walk->root) {
        *parent = node_parent(walk->at);
        return 0;
    }
    if (walk->resolve & RESOLVE_BENEATH)
        return -EXDEV;
    node_get(walk->at);
    *parent = walk->at;
    return 0;
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
    if (end->last == PATH_LAST_DOT) {
        node_get(walk->at);
        *child = walk->at;
        return 0;
    }
    if (end->last == PATH_LAST_DOT_DOT)
        return find_parent(walk, child);
    return walk->at->operations->lookup(walk->at, &end->name, child);
}

/* Exchanges a link that leads to a node by itself for that node; its reference goes in any case. */
static int follow_link(const struct walk *walk, struct node **link)
{
    struct node *target;
    int error = 0;

    if (walk->resolve & (RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS))
        error = -ELOOP;
    else if (walk->resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT))
        error = -EXDEV;
    if (!error)
        error = (*link)->operations->follow(*link, &target);
    node_put(*link);
    if (!error)
        *link = target;
    return error;
}

/* With RESOLVE_NO_XDEV no step may lead to another file system. Puts the node it refuses. */
static int check_crossing(const struct walk *walk, struct node *to)
{
    if (!(walk->resolve & RESOLVE_NO_XDEV) || to->file_system == walk->at->file_system)
        return 0;
    node_put(to);
    return -EXDEV;
}

/* Makes the rest of the path the link's target followed by what was the rest. */
static int expand_link(struct walk *walk, struct node *link, bool wants_directory)
{
    size_t rest = strlen(walk->rest);
    char *buffer;
    long length;

    if (++walk->links > LINKS_MAX || (walk->resolve & RESOLVE_NO_SYMLINKS))
        return -ELOOP;
    /* Each part of the path may be PATH_MAX long; how many there are LINKS_MAX says. */
    buffer = kmalloc(PATH_MAX + rest + 2);
    if (!buffer)
        return -ENOMEM;
    length = link->operations->read_link(link, buffer, PATH_MAX);
    if (length <= 0) {
        kfree(buffer);
        return length < 0 ? length : -ENOENT;
    }
    if (wants_directory)
        buffer[length++] = '/';
    memcpy(buffer + length, walk->rest, rest + 1);
    kfree(walk->expanded);
    walk->expanded = buffer;
    walk->rest = buffer;
    return 0;
}

/* An absolute rest goes on from the root. */
static int start_at_root(struct walk *walk)
{
    int error;

    if (*walk->rest != '/')
        return 0;
    if (walk->resolve & RESOLVE_BENEATH)
        return -EXDEV;
    node_get(walk->root);
    error = check_crossing(walk, walk->root);
    if (error)
        return error;
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

/* Whether the last component is one that a caller may do without. */
static bool may_lack(const struct walk *walk, int error)
{
    if (!(walk->flags & PATH_ENTRY))
        return false;
    return error == -ENOENT || (error == -ENAMETOOLONG && (walk->flags & PATH_ANY_LENGTH));
}

/* One component. Sets end->node when it was the last. */
static int step(struct walk *walk, struct path_end *end, bool *done)
{
    struct node *child;
    bool is_last, follow;
    int error;

    next_component(walk, end);
    is_last = !*walk->rest;
    error = find_child(walk, end, &child);
    if (is_last && may_lack(walk, error)) {
        *done = true;
        return 0;
    }
    if (error)
        return error;
    follow = S_ISLNK(child->mode) && (!is_last || follows_last(walk, end));
    if (follow && !child->operations->follow) {
        error = expand_link(walk, child, end->wants_directory);
        node_put(child);
        return error ? error : start_at_root(walk);
    }
    if (follow)
        error = follow_link(walk, &child);
    if (!error)
        error = check_crossing(walk, child);
    if (error)
        return error;
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
