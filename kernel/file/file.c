// SPDX-License-Identifier: MIT
/*
 * Open files: references, transfers, and waking those who wait for one.
 */
#include "kernel/file/file.h"

#include <asm/errno.h>
#include <asm/fcntl.h>
#include <linux/fs.h>

#include "kernel/task/state.h"
#include "mm/page/slab.h"

struct wait_queue file_events = WAIT_QUEUE_INIT(file_events);
uint64_t file_wakes;

struct file *file_create(const struct file_operations *operations, unsigned int flags)
{
    struct file *file = kzalloc(sizeof(*file) + (size_t)file_state_size);

    if (file) {
        file->operations = operations;
        file->flags = flags;
        file->references = 1;
        mutex_init(&file->offset_lock);
    }
    return file;
}

void file_get(struct file *file)
{
    __atomic_fetch_add(&file->references, 1, __ATOMIC_RELAXED);
}

void file_put(struct file *file)
{
    if (__atomic_sub_fetch(&file->references, 1, __ATOMIC_ACQ_REL))
        return;
    TELL(file_is_released, file, file);
    if (file->operations->release)
        file->operations->release(file);
    kfree(file);
}

typedef long (*transfer_t)(struct file *file, struct io_iter *iter, uint64_t *offset);

/* At the file's own offset: one transfer at a time, so that two never get the same bytes. */
static long transfer_at_offset(struct file *file, struct io_iter *iter, transfer_t transfer)
{
    uint64_t offset;
    long result;

    mutex_lock(&file->offset_lock);
    offset = file->offset;
    result = transfer(file, iter, &offset);
    if (result >= 0)
        file->offset = offset;
    mutex_unlock(&file->offset_lock);
    return result;
}

/* No transfer may go past INT64_MAX, unless offsets are addresses. */
static bool is_too_far(const struct file *file, const struct io_iter *iter, const uint64_t *offset)
{
    uint64_t start = offset ? *offset : file->offset;

    return !file->has_addresses && (int64_t)(start + iter->remaining) < 0;
}

static long transfer_by_offset(struct file *file, struct io_iter *iter, uint64_t *offset,
                               transfer_t transfer)
{
    if (is_too_far(file, iter, offset))
        return -EINVAL;
    return offset ? transfer(file, iter, offset) : transfer_at_offset(file, iter, transfer);
}

long file_read(struct file *file, struct io_iter *to, uint64_t *offset)
{
    transfer_t read = file->operations->read;

    return file->seekable ? transfer_by_offset(file, to, offset, read) : read(file, to, NULL);
}

long file_write(struct file *file, struct io_iter *from, uint64_t *offset)
{
    transfer_t write = file->operations->write;

    return file->seekable ? transfer_by_offset(file, from, offset, write) : write(file, from, NULL);
}

long file_read_kernel(struct file *file, void *buffer, size_t size, uint64_t offset)
{
    struct iovec segment = {.iov_base = buffer, .iov_len = size};
    struct io_iter to;
    long error = file_check_read(file);

    io_iter_kernel(&to, &segment);
    return error ? error : file_read(file, &to, &offset);
}

long file_seek_without_end(struct file *file, long offset, int whence)
{
    if (whence == SEEK_CUR)
        offset += (long)file->offset;
    else if (whence != SEEK_SET)
        return -EINVAL;
    if (offset < 0 && !file->has_addresses)
        return -EINVAL;
    file->offset = (uint64_t)offset;
    return offset;
}

void file_wake(struct wait_queue *queue)
{
    __atomic_fetch_add(&file_wakes, 1, __ATOMIC_RELAXED);
    wake_all(queue);
    wake_all(&file_events);
}
