// SPDX-License-Identifier: MIT
/*
 * The contents of tmpfs files: the pages of a memory object.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <linux/fs.h>

#include "fs/tmpfs/tmpfs.h"
#include "kernel/file/file.h"
#include "kernel/signal/signal.h"
#include "kernel/task/task.h"
#include "libc/include/string.h"
#include "mm/object/object.h"

/* Reads a piece that lies in one page; returns the bytes put. */
static long read_piece(struct memory_object *object, struct io_iter *to, uint64_t offset,
                       size_t size)
{
    struct page *page;
    size_t put;
    int error = object_page(object, offset / PAGE_SIZE, false, &page);

    if (error)
        return error;
    if (!page)
        return io_iter_put_zeros(to, size);
    put = io_iter_put(to, (char *)page_address(page) + offset % PAGE_SIZE, size);
    page_put(page);
    return put;
}

long object_read(struct memory_object *object, struct io_iter *to, uint64_t *offset)
{
    uint64_t size = object->size;
    long total = 0;

    while (to->remaining && *offset < size) {
        uint64_t left = size - *offset < to->remaining ? size - *offset : to->remaining;
        size_t piece = piece_in_page(*offset, left);
        long put = read_piece(object, to, *offset, piece);

        if (put <= 0)
            return total ? total : put ? put : -EFAULT;
        *offset += put;
        total += put;
        if ((size_t)put < piece)
            break;
    }
    return total;
}

long tmpfs_write_page(struct page *page, struct io_iter *from, uint64_t offset, size_t size)
{
    long taken = io_iter_take(from, (char *)page_address(page) + offset % PAGE_SIZE, size);

    page_put(page);
    return taken;
}

long tmpfs_write_piece(struct memory_object *object, struct io_iter *from, uint64_t offset,
                       size_t size)
{
    struct page *page;
    int error = object_page(object, offset / PAGE_SIZE, true, &page);

    if (error)
        return error == -ENOMEM ? -ENOSPC : error;
    return tmpfs_write_page(page, from, offset, size);
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
            signal_is_killed(current())) /* it is to end, and give memory back */
            return total ? total : -EINTR;
        taken = tmpfs_operations()->write_piece(object, from, *offset, piece);
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

long tmpfs_read(struct file *file, struct io_iter *to, uint64_t *offset)
{
    return object_read(tmpfs_node(file->node)->object, to, offset);
}

long tmpfs_write(struct file *file, struct io_iter *from, uint64_t *offset)
{
    if (file->flags & O_APPEND)
        *offset = tmpfs_node(file->node)->object->size;
    if (!from->remaining)
        return 0;
    return tmpfs_file_write(file->node, from, offset);
}

long tmpfs_seek(struct file *file, long offset, int whence)
{
    long size = tmpfs_node(file->node)->object->size;
    long base = whence == SEEK_CUR ? (long)file->offset : whence == SEEK_END ? size : 0;

    if (whence > SEEK_END || __builtin_add_overflow(base, offset, &offset) || offset < 0)
        return -EINVAL;
    file->offset = offset;
    return offset;
}

struct memory_object *tmpfs_object(struct file *file)
{
    return tmpfs_node(file->node)->object;
}

void tmpfs_close(struct file *file)
{
    node_put(file->node);
}

int tmpfs_open(struct node *node, struct file *file)
{
    (void)node;
    file->operations = tmpfs_operations()->open_file;
    file->seekable = true;
    return 0;
}

int tmpfs_resize(struct node *node, uint64_t size)
{
    struct memory_object *object = tmpfs_node(node)->object;
    bool is_longer = size > object->size;

    if (size > OBJECT_SIZE_MAX)
        return -EFBIG;
    object_set_size(object, size);
    if (!is_longer)
        object_drop_tail(object);
    return 0;
}
