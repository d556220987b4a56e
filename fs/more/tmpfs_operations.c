// SPDX-License-Identifier: MIT
/*
 * All that the nodes and files of tmpfs can do, for tmpfs_operations of fs/tmpfs/tmpfs.h.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>

#include "fs/more/events.h"
#include "fs/more/node_more.h"
#include "fs/more/node_times.h"
#include "fs/more/seals.h"
#include "fs/more/size_limit.h"
#include "fs/more/tmpfs_more.h"
#include "kernel/file/file.h"
#include "kernel/task/kernel_lock.h"
#include "mm/object/footprint.h"
#include "mm/object/object.h"

static struct memory_object *object_of(const struct file *file)
{
    return tmpfs_node(file->node)->object;
}

/* As Linux mounts by default: only a read that is the first since a change is noted. */
static void note_access(struct node *node)
{
    if (node->accessed <= node->modified || node->accessed <= node->changed)
        node->accessed = file_time_now();
}

static long read(struct file *file, struct io_iter *to, uint64_t *offset)
{
    note_access(file->node);
    return tmpfs_read(file, to, offset);
}

/* To map it is an access. */
static struct memory_object *object_to_map(struct file *file)
{
    note_access(file->node);
    return object_of(file);
}

/* Cuts a write to what the seals allow: pages that end within the file. False: nothing. */
static bool seals_allow(struct node *node, struct io_iter *from, uint64_t start)
{
    uint64_t size = tmpfs_node(node)->object->size;
    uint64_t whole = align_down(size, PAGE_SIZE);

    if (!node->seals || start + piece_in_page(start, from->remaining) > OBJECT_SIZE_MAX)
        return true; /* or -EFBIG */
    if (node->seals & SEALS_OF_WRITING)
        return false;
    if (!(node->seals & F_SEAL_GROW) || start + from->remaining <= size)
        return true;
    if (start >= whole)
        return false;
    from->remaining = whole - start;
    return true;
}

static long write(struct file *file, struct io_iter *from, uint64_t *offset)
{
    uint64_t start = file->flags & O_APPEND ? object_of(file)->size : *offset;
    int error;

    if (!from->remaining)
        return tmpfs_write(file, from, offset);
    error = size_limit_write(from, start);
    if (error)
        return error;
    TELL(content_changes, file->node);
    node_touch(file->node);
    return seals_allow(file->node, from, start) ? tmpfs_write(file, from, offset) : -EPERM;
}

static long seek(struct file *file, long offset, int whence)
{
    if (whence != SEEK_DATA && whence != SEEK_HOLE)
        return tmpfs_seek(file, offset, whence);
    long found = tmpfs_seek_data(object_of(file), offset, whence == SEEK_DATA);
    if (found >= 0)
        file->offset = found;
    return found;
}

static void add_footprint(struct file *file, struct footprint *footprint)
{
    footprint_add_object(footprint, object_of(file));
}

static void file_size(struct node *node, struct stat *result)
{
    const struct memory_object *object = tmpfs_node(node)->object;

    result->st_size = object->size;
    result->st_blocks = object->pages * (PAGE_SIZE / 512);
}

static const struct node_more more_of_directory = {
    .create_nameless = tmpfs_create_nameless,
    .link = tmpfs_link,
    .unlink = tmpfs_unlink,
    .rename = tmpfs_rename,
    .list = tmpfs_list,
};

static const struct node_more more_of_file = {
    .zero = tmpfs_zero,
    .allocate = tmpfs_allocate,
    .status = file_size,
};

static const struct node_operations directory_operations = {
    .lookup = tmpfs_lookup,
    .create = tmpfs_create_counted,
    .more = &more_of_directory,
    .release = tmpfs_release_counted,
};

static const struct node_operations file_operations = {
    .open = tmpfs_open,
    .resize = tmpfs_cut,
    .more = &more_of_file,
    .release = tmpfs_release_counted,
};

static const struct file_operations open_file_operations = {
    .read = read,
    .write = write,
    .seek = seek,
    .object = object_to_map,
    .footprint = add_footprint,
    .release = tmpfs_close,
};

/* What maps a file keeps the node, and so its name. */
static void get_owner(struct memory_object *object)
{
    node_get(object->owner);
}

/* Drops a reference that is not the last one, which needs no lock; or false: it is still there. */
static bool put_unless_last(struct node *node)
{
    uint32_t references = __atomic_load_n(&node->references, __ATOMIC_RELAXED);

    while (references > 1)
        if (__atomic_compare_exchange_n(&node->references, &references, references - 1, true,
                                        __ATOMIC_RELEASE, __ATOMIC_RELAXED))
            return true;
    return false;
}

/*
 * Mappings end without the kernel lock, and VMAs are merged with their space's lock held, where it
 * must not be taken. A VMA that is merged away never has the last reference.
 */
static void put_owner(struct memory_object *object)
{
    if (put_unless_last(object->owner))
        return;
    kernel_lock();
    node_put(object->owner);
    kernel_unlock();
}

static void note_write(struct memory_object *object)
{
    node_touch(object->owner);
}

static bool is_nameless(struct memory_object *object)
{
    const struct node *node = object->owner;

    return __atomic_load_n(&node->links, __ATOMIC_RELAXED) == 0;
}

static const struct object_owner_operations owner_operations = {
    .get = get_owner,
    .put = put_owner,
    .written = note_write,
    .is_nameless = is_nameless,
};

static const struct file_system file_system = {
    .device = TMPFS_DEVICE,
    .magic = TMPFS_MAGIC,
    .usage = tmpfs_usage,
};

const struct tmpfs_operations *tmpfs_operations(void)
{
    static const struct tmpfs_operations all = {
        .directory = &directory_operations,
        .file = &file_operations,
        .open_file = &open_file_operations,
        .owner = &owner_operations,
        .file_system = &file_system,
        .write_piece = tmpfs_write_whole,
        .init_other = tmpfs_init_other,
    };

    return &all;
}
