// SPDX-License-Identifier: MIT
/*
 * Open files and descriptor tables.
 *
 * A table's lock covers its array and flags; no file is closed while it is held, since closing
 * may wake others or write.
 */
#include "kernel/file.h"

#include <asm/errno.h>
#include <asm/fcntl.h>
#include <linux/fs.h>
#include <linux/resource.h>

#include "arch/types.h"
#include "kernel/task.h"
#include "libc/include/string.h"
#include "mm/slab.h"

#define FILES_FIRST 32 /* descriptors of a new table */

struct wait_queue file_events = WAIT_QUEUE_INIT(file_events);
uint64_t file_wakes;
uint64_t nr_open = FILES_MAX;

struct file *file_create(const struct file_operations *operations, unsigned int flags)
{
    struct file *file = kzalloc(sizeof(*file));

    if (file) {
        file->operations = operations;
        file->flags = flags;
        file->references = 1;
        file->locks = &file->own_locks;
        mutex_init(&file->offset_lock);
    }
    return file;
}

void file_get(struct file *file)
{
    __atomic_fetch_add(&file->references, 1, __ATOMIC_RELAXED);
}

static void remove_locks(struct file *file, const void *owner)
{
    if (!LIST_EMPTY(file->locks))
        file_lock_remove_owner(file->locks, owner);
}

void file_put(struct file *file)
{
    struct file_watch *watch;

    if (__atomic_sub_fetch(&file->references, 1, __ATOMIC_ACQ_REL))
        return;
    remove_locks(file, file);
    while ((watch = LIST_FIRST(&file->watches)))
        watch->forget(watch);
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

/* No transfer may go past the last offset that is not negative, if offsets are no addresses. */
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
    long error = file_check_read(file);
    transfer_t read = file->operations->read;

    if (error)
        return error;
    return file->seekable ? transfer_by_offset(file, to, offset, read) : read(file, to, NULL);
}

long file_write(struct file *file, struct io_iter *from, uint64_t *offset)
{
    long error = file_check_write(file);
    transfer_t write = file->operations->write;

    if (error)
        return error;
    return file->seekable ? transfer_by_offset(file, from, offset, write) : write(file, from, NULL);
}

long file_read_kernel(struct file *file, void *buffer, size_t size, uint64_t offset)
{
    struct iovec segment = {.iov_base = buffer, .iov_len = size};
    struct io_iter to;

    io_iter_kernel(&to, &segment);
    return file_read(file, &to, &offset);
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

static uint64_t flag_bit(int fd)
{
    return 1ul << (fd % 64);
}

static void set_flag_locked(struct file_table *table, int fd, bool close_on_exec)
{
    if (close_on_exec)
        table->close_on_exec[fd / 64] |= flag_bit(fd);
    else
        table->close_on_exec[fd / 64] &= ~flag_bit(fd);
}

int descriptor_limit(void)
{
    uint64_t limit = current_process()->limits[RLIMIT_NOFILE].rlim_cur;

    return limit < FILES_MAX ? (int)limit : FILES_MAX;
}

static bool is_open_locked(const struct file_table *table, int fd)
{
    return fd >= 0 && (unsigned int)fd < table->size && table->files[fd];
}

/* Makes room for a descriptor below FILES_MAX. */
static int grow_locked(struct file_table *table, int fd)
{
    unsigned int size = table->size;
    struct file **files;

    while (size <= (unsigned int)fd)
        size *= 2;
    if (size == table->size)
        return 0;
    files = kzalloc(size * sizeof(struct file *));
    if (!files)
        return -ENOMEM;
    memcpy(files, table->files, table->size * sizeof(struct file *));
    kfree(table->files);
    table->files = files;
    table->size = size;
    return 0;
}

static struct file_table *create(unsigned int size)
{
    struct file_table *table = kzalloc(sizeof(*table));

    if (!table)
        return NULL;
    table->files = kzalloc(size * sizeof(struct file *));
    if (!table->files) {
        kfree(table);
        return NULL;
    }
    table->size = size;
    table->references = 1;
    table->lock.name = "file table";
    return table;
}

struct file_table *file_table_create(void)
{
    return create(FILES_FIRST);
}

struct file_table *file_table_copy(struct file_table *table)
{
    struct file_table *copy = create(FILES_FIRST);

    if (!copy)
        return NULL;
    spin_lock(&table->lock);
    if (grow_locked(copy, table->size - 1)) {
        spin_unlock(&table->lock);
        file_table_put(copy);
        return NULL;
    }
    for (unsigned int fd = 0; fd < table->size; fd++) {
        copy->files[fd] = table->files[fd];
        if (copy->files[fd])
            file_get(copy->files[fd]);
    }
    memcpy(copy->close_on_exec, table->close_on_exec, sizeof(copy->close_on_exec));
    spin_unlock(&table->lock);
    return copy;
}

void file_table_get_reference(struct file_table *table)
{
    __atomic_fetch_add(&table->references, 1, __ATOMIC_RELAXED);
}

/* A process that closes any of its descriptors of a file loses its locks of bytes there. */
static void put_closed(struct file_table *table, struct file *file)
{
    remove_locks(file, table);
    file_put(file);
}

void file_table_share(struct file_table *table)
{
    __atomic_fetch_add(&table->references, 1, __ATOMIC_RELAXED);
}

void file_table_put(struct file_table *table)
{
    if (__atomic_sub_fetch(&table->references, 1, __ATOMIC_ACQ_REL))
        return;
    for (unsigned int fd = 0; fd < table->size; fd++)
        if (table->files[fd])
            put_closed(table, table->files[fd]);
    kfree(table->files);
    kfree(table);
}

void file_table_close_on_exec(struct file_table *table)
{
    for (unsigned int fd = 0; fd < table->size; fd++)
        if (table->close_on_exec[fd / 64] & flag_bit(fd))
            file_table_close(table, fd);
}

static int add_locked(struct file_table *table, struct file *file, int lowest, bool close_on_exec)
{
    int fd = lowest;
    int error;

    while (is_open_locked(table, fd))
        fd++;
    if (fd >= descriptor_limit() || (uint64_t)fd >= nr_open)
        return -EMFILE;
    error = grow_locked(table, fd);
    if (error)
        return error;
    table->files[fd] = file;
    set_flag_locked(table, fd, close_on_exec);
    return fd;
}

int file_table_add(struct file_table *table, struct file *file, int lowest, bool close_on_exec)
{
    int fd;

    if (lowest < 0 || (lowest && lowest >= descriptor_limit()))
        return -EINVAL;
    spin_lock(&table->lock);
    fd = add_locked(table, file, lowest, close_on_exec);
    spin_unlock(&table->lock);
    return fd;
}

int file_table_set(struct file_table *table, int fd, struct file *file, bool close_on_exec)
{
    struct file *old = NULL;
    int error;

    if (fd < 0 || (uint64_t)fd >= nr_open)
        return -EBADF;
    spin_lock(&table->lock);
    error = grow_locked(table, fd);
    if (!error) {
        old = table->files[fd];
        table->files[fd] = file;
        set_flag_locked(table, fd, close_on_exec);
    }
    spin_unlock(&table->lock);
    if (old)
        put_closed(table, old);
    return error ? error : fd;
}

struct file *file_table_get(struct file_table *table, int fd)
{
    struct file *file = NULL;

    spin_lock(&table->lock);
    if (is_open_locked(table, fd)) {
        file = table->files[fd];
        file_get(file);
    }
    spin_unlock(&table->lock);
    return file;
}

int file_table_close(struct file_table *table, int fd)
{
    struct file *file = NULL;

    spin_lock(&table->lock);
    if (is_open_locked(table, fd)) {
        file = table->files[fd];
        table->files[fd] = NULL;
        set_flag_locked(table, fd, false);
    }
    spin_unlock(&table->lock);
    if (!file)
        return -EBADF;
    put_closed(table, file);
    return 0;
}

int file_table_get_flag(struct file_table *table, int fd)
{
    int flag = -EBADF;

    spin_lock(&table->lock);
    if (is_open_locked(table, fd))
        flag = !!(table->close_on_exec[fd / 64] & flag_bit(fd));
    spin_unlock(&table->lock);
    return flag;
}

int file_table_set_flag(struct file_table *table, int fd, bool close_on_exec)
{
    int error = -EBADF;

    spin_lock(&table->lock);
    if (is_open_locked(table, fd)) {
        set_flag_locked(table, fd, close_on_exec);
        error = 0;
    }
    spin_unlock(&table->lock);
    return error;
}
