// SPDX-License-Identifier: MIT
/*
 * The contents of tmpfs files: the pages of a memory object.
 *
 * A page that is written for the first time and as a whole is filled before the object has it,
 * so that it need not be zeroed and nobody sees it half full.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <linux/fs.h>

#include "fs/object_read.h"
#include "fs/permission.h"
#include "fs/seals.h"
#include "fs/size_limit.h"
#include "fs/tmpfs.h"
#include "kernel/file.h"
#include "kernel/signal.h"
#include "kernel/task.h"
#include "kernel/truncate.h"
#include "libc/include/string.h"
#include "mm/footprint.h"
#include "mm/object.h"

/* Bytes taken into a page that the object has. */
static long overwrite(struct io_iter *from, struct page *page, uint64_t offset, size_t size)
{
    return io_iter_take(from, (char *)page_address(page) + offset % PAGE_SIZE, size);
}

/* Bytes taken into a new page, of which nothing else is in the file. */
static long write_new_page(struct memory_object *object, struct io_iter *from, uint64_t index,
                           struct page *page)
{
    long taken = io_iter_take(from, page_address(page), PAGE_SIZE);
    int error = 0;

    memset((char *)page_address(page) + taken, 0, PAGE_SIZE - taken);
    if (taken)
        error = object_add(object, index, page);
    if (error == -EEXIST) { /* another writer was faster: both have written, we last */
        struct page *other;

        error = object_page(object, index, true, &other);
        if (!error) {
            memcpy(page_address(other), page_address(page), taken);
            page_put(other);
        }
        page_put(page);
    } else if (error || !taken) {
        page_put(page);
    }
    return error ? error : taken;
}

static long write_piece(struct memory_object *object, struct io_iter *from, uint64_t offset,
                        size_t size)
{
    uint64_t index = offset / PAGE_SIZE;
    struct page *page;
    long taken;
    int error = object_page(object, index, size < PAGE_SIZE, &page);

    if (!error && !page) {
        struct page *new = page_alloc(0, PAGE_ANY);

        if (new)
            return write_new_page(object, from, index, new);
        error = object_page(object, index, true, &page); /* there may be a reserved one */
    }
    if (error)
        return error == -ENOMEM ? -ENOSPC : error;
    taken = overwrite(from, page, offset, size);
    page_put(page);
    return taken;
}

/* Whether a seal forbids a write that goes up to this offset. */
static bool is_sealed_off(struct node *node, uint64_t end)
{
    if (node->seals & SEALS_OF_WRITING)
        return true;
    return (node->seals & F_SEAL_GROW) && end > tmpfs_node(node)->object->size;
}

long tmpfs_file_write(struct node *node, struct io_iter *from, uint64_t *offset)
{
    struct memory_object *object = tmpfs_node(node)->object;
    long total = 0;

    while (from->remaining) {
        size_t piece = piece_in_page(*offset, from->remaining);
        long taken;

        if (*offset + piece > OBJECT_SIZE_MAX)
            return total ? total : -EFBIG;
        if (current_process() &&
            signal_is_killed(current())) /* it shall end, and give memory back */
            return total ? total : -EINTR;
        if (is_sealed_off(node, *offset + piece))
            return total ? total : -EPERM;
        taken = write_piece(object, from, *offset, piece);
        if (taken <= 0)
            return total ? total : taken ? taken : -EFAULT;
        *offset += taken;
        total += taken;
        object_extend(object, *offset);
        if ((size_t)taken < piece)
            break;
    }
    return total;
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
    return object_read(tmpfs_node(file->node)->object, to, offset);
}

static long write(struct file *file, struct io_iter *from, uint64_t *offset)
{
    uint64_t limit = size_limit();

    if (file->flags & O_APPEND)
        *offset = tmpfs_node(file->node)->object->size;
    if (!from->remaining)
        return 0;
    if (*offset >= limit)
        return size_limit_exceeded();
    if (from->remaining > limit - *offset)
        from->remaining = limit - *offset;
    drop_set_id_bits(file->node);
    file->node->modified = file->node->changed = file_time_now();
    return tmpfs_file_write(file->node, from, offset);
}

/* There is data wherever a page is, and a hole behind the end. */
static long seek_data(struct memory_object *object, long offset, bool data)
{
    long size = object->size;
    uint64_t index;

    if (offset < 0 || offset >= size)
        return -ENXIO;
    index = object_next(object, offset >> PAGE_SHIFT, data);
    if (index > (uint64_t)(size - 1) >> PAGE_SHIFT)
        return data ? -ENXIO : size;
    return (long)(index << PAGE_SHIFT) > offset ? (long)(index << PAGE_SHIFT) : offset;
}

static long seek(struct file *file, long offset, int whence)
{
    long size = tmpfs_node(file->node)->object->size;
    long base = 0;

    switch (whence) {
    case SEEK_SET:
        break;
    case SEEK_CUR:
        base = file->offset;
        break;
    case SEEK_END:
        base = size;
        break;
    case SEEK_DATA:
    case SEEK_HOLE:
        offset = seek_data(tmpfs_node(file->node)->object, offset, whence == SEEK_DATA);
        if (offset < 0)
            return offset;
        break;
    default:
        return -EINVAL;
    }
    if (__builtin_add_overflow(base, offset, &offset) || offset < 0)
        return -EINVAL;
    file->offset = offset;
    return offset;
}

/* To map it is an access. */
static struct memory_object *object_of_file(struct file *file)
{
    note_access(file->node);
    return tmpfs_node(file->node)->object;
}

static void add_footprint(struct file *file, struct footprint *footprint)
{
    footprint_add_object(footprint, tmpfs_node(file->node)->object);
}

static void release(struct file *file)
{
    node_put(file->node);
}

static const struct file_operations file_operations = {
    .read = read,
    .write = write,
    .seek = seek,
    .object = object_of_file,
    .footprint = add_footprint,
    .release = release,
};

static int open(struct node *node, struct file *file)
{
    (void)node;
    file->operations = &file_operations;
    file->seekable = true;
    return 0;
}

static int resize(struct node *node, uint64_t size)
{
    uint64_t old_size = tmpfs_node(node)->object->size;

    if (size > OBJECT_SIZE_MAX)
        return -EFBIG;
    if ((size < old_size && (node->seals & F_SEAL_SHRINK)) ||
        (size > old_size && (node->seals & F_SEAL_GROW)))
        return -EPERM;
    truncate_object(tmpfs_node(node)->object, size);
    node->modified = node->changed = file_time_now();
    return 0;
}

static int zero(struct node *node, uint64_t start, uint64_t end)
{
    if (node->seals & SEALS_OF_WRITING)
        return -EPERM;
    object_clear(tmpfs_node(node)->object, start, end);
    node->modified = node->changed = file_time_now();
    return 0;
}

static int allocate(struct node *node, uint64_t start, uint64_t end)
{
    struct memory_object *object = tmpfs_node(node)->object;
    uint64_t first = start >> PAGE_SHIFT;
    uint64_t last = (end - 1) >> PAGE_SHIFT;
    uint64_t index = first;
    int error = 0;

    if ((node->seals & F_SEAL_GROW) && end > object->size)
        return -EPERM;
    node->modified = node->changed = file_time_now();
    if (last - first >= page_count_total() ||
        (object->quota && last - first >= object->quota->limit))
        return -ENOSPC;
    while (index <= last && !error) {
        error = signal_is_killed(current()) ? -EINTR : object_reserve(object, index);
        index += !error;
    }
    if (error) /* as on Linux: what cannot be had as a whole is not kept in part */
        object_drop_reserved(object, first, index);
    return error == -ENOMEM ? -ENOSPC : error;
}

static void status(struct node *node, struct stat *result)
{
    const struct memory_object *object = tmpfs_node(node)->object;

    result->st_size = object->size;
    result->st_blocks = object->pages * (PAGE_SIZE / 512);
}

const struct node_operations tmpfs_file_operations = {
    .open = open,
    .resize = resize,
    .zero = zero,
    .allocate = allocate,
    .status = status,
    .release = tmpfs_release,
};
