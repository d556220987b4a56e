// SPDX-License-Identifier: MIT
/*
 * Archives with files of all kinds and owners, of several names, or that replace what an earlier
 * one had; and words for what an archive has and cannot be.
 */
#include <asm/errno.h>

#include "fs/more/node_more.h"
#include "fs/node/path.h"
#include "fs/root/cpio.h"
#include "fs/root/root.h"
#include "mm/page/slab.h"

/* A file that has several names, by which the archive tells them apart. */
struct known_file {
    struct known_file *next;
    uint32_t inode, major, minor;
    struct node *node; /* with a reference */
};

static struct known_file *known_files; /* of the archive at hand */

static bool has_more_names(const struct cpio_entry *entry)
{
    return entry->fields[CPIO_LINKS] > 1 && !S_ISDIR(entry->fields[CPIO_MODE]);
}

static struct node *find_known(const struct cpio_entry *entry)
{
    const struct known_file *file = known_files;

    while (file &&
           (file->inode != entry->fields[CPIO_INODE] || file->major != entry->fields[CPIO_MAJOR] ||
            file->minor != entry->fields[CPIO_MINOR]))
        file = file->next;
    return file ? file->node : NULL;
}

static int remember(const struct cpio_entry *entry, struct node *node)
{
    struct known_file *file = kmalloc(sizeof(*file));

    if (!file)
        return -ENOMEM;
    *file = (struct known_file){
        .next = known_files,
        .inode = entry->fields[CPIO_INODE],
        .major = entry->fields[CPIO_MAJOR],
        .minor = entry->fields[CPIO_MINOR],
        .node = node,
    };
    node_get(node);
    known_files = file;
    return 0;
}

static void forget_all(void)
{
    while (known_files) {
        struct known_file *file = known_files;

        known_files = file->next;
        node_put(file->node);
        kfree(file);
    }
}
ATTACH(archive_ends, forget_all);

/* One more name of a known file: 1 or an errno. */
static int link_known(struct path_end *end, const struct cpio_entry *entry, struct node *known,
                      struct node **node)
{
    int error;

    if ((known->mode ^ entry->fields[CPIO_MODE]) & S_IFMT)
        return -EINVAL;
    if (!node_more(end->directory)->link)
        return -EPERM;
    error = node_more(end->directory)->link(end->directory, &end->name, known);
    if (error)
        return error;
    node_get(known);
    *node = known;
    return 1;
}

/* What a later archive has again replaces a file. */
static int make_way(struct path_end *end, uint32_t mode)
{
    if (!end->node)
        return 0;
    if (node_is_directory(end->node) || S_ISDIR(mode))
        return -EEXIST;
    if (!node_more(end->directory)->unlink)
        return -EPERM;
    return node_more(end->directory)->unlink(end->directory, &end->name, end->node);
}

static int create(struct path_end *end, const struct cpio_entry *entry, struct node **node)
{
    struct node_template template = {
        .mode = entry->fields[CPIO_MODE] & CPIO_MODE_BITS,
        .device = device_number(entry->fields[CPIO_DEVICE_MAJOR], entry->fields[CPIO_DEVICE_MINOR]),
        .target = entry->data,
        .target_length = entry->fields[CPIO_SIZE_OF_DATA],
    };

    if (S_ISLNK(template.mode) && (!template.target_length || template.target_length >= PATH_MAX))
        return -EINVAL;
    if (S_ISSOCK(template.mode) || !(template.mode & S_IFMT))
        return -EINVAL;
    int error = end->directory->operations->create(end->directory, &end->name, &template, node);
    if (error)
        return error;
    (*node)->user = entry->fields[CPIO_UID];
    (*node)->group = entry->fields[CPIO_GID];
    return 0;
}

static int make_file(struct path_end *end, const struct cpio_entry *entry, struct node **node)
{
    struct node *known;
    int error = make_way(end, entry->fields[CPIO_MODE]);

    if (error)
        return error;
    known = has_more_names(entry) ? find_known(entry) : NULL;
    if (known)
        return link_known(end, entry, known, node);
    error = create(end, entry, node);
    if (!error && has_more_names(entry))
        error = remember(entry, *node);
    return error ? error : 1;
}
ATTACH(archived_file_comes, make_file);

static const char *explain_error(int error)
{
    switch (error) {
    case -ENOENT:
        return "its directory does not exist";
    case -ENOTDIR:
        return "what should be its directory is none";
    case -EEXIST:
    case -EBUSY:
        return "something else of this name is in the way";
    case -ENAMETOOLONG:
        return "the name is too long";
    case -ELOOP:
        return "too many symbolic links on the way";
    case -ENOSPC:
    case -ENOMEM:
        return "out of memory";
    default:
        return "not a kind of file that can be made";
    }
}

static void explain(int error, const char **words)
{
    *words = explain_error(error);
}
ATTACH(archived_file_fails, explain);
