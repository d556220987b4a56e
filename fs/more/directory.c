// SPDX-License-Identifier: MIT
/*
 * Reading directories. The records are collected in kernel memory, since a file system lists its
 * entries under a lock and user memory must not be touched there.
 */
#include "fs/more/directory.h"

#include <asm/errno.h>

#include "arch/cpu/types.h"
#include "fs/more/node_more.h"
#include "fs/node/node.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"

/* Not in uapi: getdents64(2). */
struct linux_dirent64 {
    uint64_t d_ino;
    int64_t d_off;
    uint16_t d_reclen;
    uint8_t d_type;
    char d_name[];
};

_Static_assert(offsetof(struct linux_dirent64, d_name) == 19, "the ABI's layout");

#define BUFFER_SIZE     PAGE_SIZE
#define MODE_TYPE_SHIFT 12 /* d_type is the number that S_IFMT masks */

bool directory_add(struct directory_buffer *buffer, const struct directory_entry *entry)
{
    size_t header = offsetof(struct linux_dirent64, d_name);
    size_t size = align_up(header + entry->length + 1, DIRECTORY_ALIGN);
    struct linux_dirent64 *record = (void *)(buffer->bytes + buffer->used);

    if (buffer->size - buffer->used < size) {
        buffer->is_full = true;
        return false;
    }
    memset(record, 0, size);
    record->d_ino = entry->inode;
    record->d_off = entry->offset;
    record->d_reclen = size;
    record->d_type = (entry->mode & S_IFMT) >> MODE_TYPE_SHIFT;
    memcpy(record->d_name, entry->name, entry->length);
    buffer->used += size;
    return true;
}

bool directory_add_dots(struct node *directory, uint64_t *position, struct directory_buffer *buffer)
{
    while (*position < DIRECTORY_FIRST) {
        struct node *node = *position == 0 ? directory : directory->parent;
        struct directory_entry entry = {.inode = node->inode, .mode = S_IFDIR, .name = ".."};

        entry.offset = *position + 1;
        entry.length = *position + 1;
        if (!directory_add(buffer, &entry))
            return false;
        *position = entry.offset;
    }
    return true;
}

/* The older layout has d_name one byte earlier, and the type behind all. */
static void make_old(struct directory_buffer *buffer)
{
    struct linux_dirent64 *record;

    for (size_t at = 0; at < buffer->used; at += record->d_reclen) {
        record = (void *)(buffer->bytes + at);
        uint8_t type = record->d_type;
        memmove(&record->d_type, record->d_name,
                record->d_reclen - offsetof(struct linux_dirent64, d_name));
        buffer->bytes[at + record->d_reclen - 1] = (char)type;
    }
}

/* As many entries as fit into the buffer; -EINVAL when the next one does not. */
static long read_entries(struct file *file, struct io_iter *to, enum directory_format format,
                         struct directory_buffer *buffer)
{
    uint64_t offset = file->offset;

    if (!file->node->links)
        return -ENOENT;
    node_more(file->node)->list(file->node, &offset, buffer);
    if (!buffer->used)
        return buffer->is_full ? -EINVAL : 0;
    if (format == DIRECTORY_OLD)
        make_old(buffer);
    if (io_iter_put(to, buffer->bytes, buffer->used) < buffer->used)
        return -EFAULT;
    file->offset = offset;
    return buffer->used;
}

long directory_read(struct file *file, struct io_iter *to, enum directory_format format)
{
    struct directory_buffer buffer = {.size = to->remaining};
    long result;

    if (buffer.size > BUFFER_SIZE)
        buffer.size = BUFFER_SIZE;
    buffer.bytes = kmalloc(BUFFER_SIZE);
    if (!buffer.bytes)
        return -ENOMEM;
    result = read_entries(file, to, format, &buffer);
    kfree(buffer.bytes);
    return result;
}
