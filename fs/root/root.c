// SPDX-License-Identifier: MIT
/*
 * The root directory, and the files of the initramfs in it. fs/root/cpio.c reads the format.
 */
#include "fs/root/root.h"

#include <stdbool.h>
#include <stdint.h>

#include <asm/errno.h>

#include "arch/device/clock.h"
#include "fs/node/path.h"
#include "fs/root/cpio.h"
#include "fs/tmpfs/tmpfs.h"
#include "kernel/console/console.h"
#include "libc/include/string.h"

struct unpacking {
    struct node *root; /* what the names start from */
    const char *archive;
    size_t size;
    size_t offset; /* of the current entry */
    int error;     /* the first one */
};

static void complain(struct unpacking *work, const char *name, const char *what, int error)
{
    kprintf(KERN_ERR "initramfs: at offset %zu: %.255s%s%s\n", work->offset, name,
            *name ? ": " : "", what);
    if (!work->error)
        work->error = error;
}

/* ---- making one file ---- */

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

static int create(struct node *parent, const struct node_name *name, uint32_t mode,
                  struct node **node)
{
    const struct node_template template = {.mode = mode};

    return parent->operations->create(parent, name, &template, node);
}

static int make_file(const struct cpio_entry *entry, struct path_end *end)
{
    uint32_t mode = entry->fields[CPIO_MODE] & CPIO_MODE_BITS;
    struct node *node = NULL;
    int answer = 1;

    if (end->node && node_is_directory(end->node) && S_ISDIR(mode)) {
        node_get(end->node);
        node = end->node;
    } else {
        answer = ASK(archived_file_comes, end, entry, &node);
        if (!answer)
            answer = create(end->directory, &end->name, mode, &node);
    }
    if (answer >= 0 && S_ISREG(mode) && entry->fields[CPIO_SIZE_OF_DATA])
        answer = write_data(node, entry);
    if (answer >= 0) {
        node->mode = (node->mode & S_IFMT) | (mode & ~S_IFMT);
        node->modified = entry->fields[CPIO_MTIME] * NS_PER_SECOND;
    }
    node_put(node);
    return answer < 0 ? answer : 0;
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
    /* Not into another file system that is there already. */
    error = end.directory->file_system == work->root->file_system ? make_file(entry, &end) : -EPERM;
    path_end_put(&end);
    return error;
}

/* ---- the archives ---- */

/* Unpacks one archive, up to and with its trailer. False: nothing more can be read. */
static bool unpack_archive(struct unpacking *work)
{
    while (work->offset < work->size) {
        struct cpio_entry entry;
        const char *problem = cpio_parse(work->archive, work->size, work->offset, &entry);
        const char *words = "it cannot be made";
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
        if (error) {
            TELL(archived_file_fails, error, &words);
            complain(work, entry.name, words, error);
        }
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

int initramfs_unpack(struct node *directory, const void *archive, size_t size)
{
    struct unpacking work = {.root = directory, .archive = archive, .size = size};
    bool more = true;

    skip_padding(&work);
    while (more && work.offset < work.size) {
        more = unpack_archive(&work);
        TELL(archive_ends);
        skip_padding(&work);
    }
    return work.error;
}

/* ---- the root ---- */

int fs_make_directory(struct node *parent, const char *text, uint32_t permissions,
                      struct node **directory)
{
    const struct node_name name = {text, strlen(text)};

    return create(parent, &name, S_IFDIR | permissions, directory);
}

int fs_init(void)
{
    struct node *directory;
    int error;

    path_root = tmpfs_create_root(0755);
    if (!path_root)
        return -ENOMEM;
    error = fs_make_directory(path_root, "tmp", 01777, &directory);
    if (error)
        return error;
    node_put(directory);
    return ASK(root_is_made, path_root);
}
