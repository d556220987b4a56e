// SPDX-License-Identifier: MIT
/*
 * The initramfs: makes the files that the archives describe. fs/cpio.c reads the format.
 */
#include "fs/initramfs.h"

#include <stdbool.h>
#include <stdint.h>

#include <asm/errno.h>

#include "fs/cpio.h"
#include "fs/path.h"
#include "fs/tmpfs.h"
#include "kernel/console.h"
#include "kernel/io_iter.h"
#include "libc/include/string.h"
#include "mm/slab.h"

#define NANOSECONDS 1000000000l
#define MODE_BITS   (S_IFMT | 07777)

/* A file that has several names, by which the archive tells them apart. */
struct known_file {
    struct known_file *next;
    uint32_t inode, major, minor;
    struct node *node; /* with a reference */
};

struct unpacking {
    struct node *root; /* what the names start from */
    const char *archive;
    size_t size;
    size_t offset;            /* of the entry at hand */
    struct known_file *known; /* in the archive at hand */
    int error;                /* the first one */
};

static void complain(struct unpacking *work, const char *name, const char *what, int error)
{
    kprintf(KERN_ERR "initramfs: at offset %zu: %.255s%s%s\n", work->offset, name,
            *name ? ": " : "", what);
    if (!work->error)
        work->error = error;
}

static const char *explain_error(int error)
{
    switch (error) {
    case -ENOENT:
        return "its directory does not exist";
    case -ENOTDIR:
        return "what should be its directory is none";
    case -EEXIST:
    case -EISDIR:
    case -ENOTEMPTY:
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

/* ---- Files with several names ---- */

static bool has_more_names(const struct cpio_entry *entry)
{
    return entry->fields[CPIO_LINKS] > 1 && !S_ISDIR(entry->fields[CPIO_MODE]);
}

static struct node *find_known(const struct unpacking *work, const struct cpio_entry *entry)
{
    const struct known_file *file = work->known;

    while (file &&
           (file->inode != entry->fields[CPIO_INODE] || file->major != entry->fields[CPIO_MAJOR] ||
            file->minor != entry->fields[CPIO_MINOR]))
        file = file->next;
    return file ? file->node : NULL;
}

static int remember(struct unpacking *work, const struct cpio_entry *entry, struct node *node)
{
    struct known_file *file = kmalloc(sizeof(*file));

    if (!file)
        return -ENOMEM;
    *file = (struct known_file){
        .next = work->known,
        .inode = entry->fields[CPIO_INODE],
        .major = entry->fields[CPIO_MAJOR],
        .minor = entry->fields[CPIO_MINOR],
        .node = node,
    };
    node_get(node);
    work->known = file;
    return 0;
}

static void forget_all(struct unpacking *work)
{
    while (work->known) {
        struct known_file *file = work->known;

        work->known = file->next;
        node_put(file->node);
        kfree(file);
    }
}

/* ---- Making one file ---- */

static int write_data(struct node *node, const struct cpio_entry *entry)
{
    struct iovec segment = {.iov_base = (void *)(uintptr_t)entry->data,
                            .iov_len = entry->fields[CPIO_SIZE_OF_DATA]};
    struct io_iter from;
    uint64_t offset = 0;
    long written;

    io_iter_kernel(&from, &segment);
    written = tmpfs_file_write(node, &from, &offset);
    if (written < 0)
        return written;
    return (size_t)written == segment.iov_len ? 0 : -ENOSPC;
}

static int create_node(struct path_end *end, const struct cpio_entry *entry, struct node **node)
{
    struct node_template template = {
        .mode = entry->fields[CPIO_MODE] & MODE_BITS,
        .device = device_number(entry->fields[CPIO_DEVICE_MAJOR], entry->fields[CPIO_DEVICE_MINOR]),
        .target = entry->data,
        .target_length = entry->fields[CPIO_SIZE_OF_DATA],
    };

    if (S_ISLNK(template.mode) && (!template.target_length || template.target_length >= PATH_MAX))
        return -EINVAL;
    if (S_ISSOCK(template.mode) || !(template.mode & S_IFMT))
        return -EINVAL;
    return end->directory->operations->create(end->directory, &end->name, &template, node);
}

/* A node where the path ends: a new one, or one more name of a known one. With a reference. */
static int make_node(struct unpacking *work, const struct cpio_entry *entry, struct path_end *end,
                     struct node **node)
{
    struct node *known = has_more_names(entry) ? find_known(work, entry) : NULL;
    int error;

    if (known) {
        if ((known->mode ^ entry->fields[CPIO_MODE]) & S_IFMT)
            return -EINVAL;
        node_get(known);
        *node = known;
        return end->directory->operations->link(end->directory, &end->name, known);
    }
    error = create_node(end, entry, node);
    if (!error && has_more_names(entry))
        error = remember(work, entry, *node);
    return error;
}

/* What a later archive has again replaces a file, and a directory gets the later one's mode. */
static int make_way(struct path_end *end, uint32_t mode)
{
    if (!end->node || (node_is_directory(end->node) && S_ISDIR(mode)))
        return 0;
    if (node_is_directory(end->node) || S_ISDIR(mode))
        return -EEXIST;
    return end->directory->operations->unlink(end->directory, &end->name, end->node);
}

static int make_file(struct unpacking *work, const struct cpio_entry *entry, struct path_end *end)
{
    uint32_t mode = entry->fields[CPIO_MODE] & MODE_BITS;
    struct node *node = NULL;
    int error = make_way(end, mode);

    if (error)
        return error;
    if (end->node && node_is_directory(end->node)) {
        node_get(end->node);
        node = end->node;
    } else {
        error = make_node(work, entry, end, &node);
    }
    if (!error && S_ISREG(mode) && entry->fields[CPIO_SIZE_OF_DATA])
        error = write_data(node, entry);
    if (!error) {
        node->mode = (node->mode & S_IFMT) | (mode & ~S_IFMT);
        node->modified = entry->fields[CPIO_MTIME] * NANOSECONDS;
    }
    node_put(node);
    return error;
}

static int unpack_entry(struct unpacking *work, const struct cpio_entry *entry)
{
    const char *name = entry->name + strspn(entry->name, "/");
    struct path_end end;
    int error;

    if (!*name) /* the root itself */
        name = ".";
    error = path_walk(work->root, name, PATH_ENTRY, &end);
    if (error)
        return error;
    /* Not into another file system that is mounted already. */
    error = end.directory->file_system == work->root->file_system ? make_file(work, entry, &end)
                                                                  : -EPERM;
    path_end_put(&end);
    return error;
}

/* ---- The archives ---- */

/* One archive, from work->offset to behind its trailer. False: nothing more can be read. */
static bool unpack_archive(struct unpacking *work)
{
    while (work->offset < work->size) {
        struct cpio_entry entry;
        const char *problem = cpio_parse(work->archive, work->size, work->offset, &entry);
        int error;

        if (problem) {
            complain(work, "", problem, -EINVAL);
            return false;
        }
        if (!strcmp(entry.name, CPIO_TRAILER)) {
            work->offset = entry.end;
            return true;
        }
        error = unpack_entry(work, &entry);
        if (error)
            complain(work, entry.name, explain_error(error), error);
        if (error == -ENOSPC || error == -ENOMEM)
            return false;
        work->offset = entry.end;
    }
    complain(work, "", "the archive ends without its trailer", -EINVAL);
    return false;
}

static void skip_padding(struct unpacking *work)
{
    while (work->offset < work->size && !work->archive[work->offset])
        work->offset++;
}

int initramfs_unpack_into(struct node *directory, const void *archive, size_t size)
{
    struct unpacking work = {.root = directory, .archive = archive, .size = size};
    bool more = true;

    skip_padding(&work);
    while (more && work.offset < work.size) {
        more = unpack_archive(&work);
        forget_all(&work);
        skip_padding(&work);
    }
    return work.error;
}

int initramfs_unpack(const void *archive, size_t size)
{
    return initramfs_unpack_into(path_root, archive, size);
}
