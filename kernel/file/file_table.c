// SPDX-License-Identifier: MIT
/*
 * Descriptor tables. A table's lock covers its array; no file is closed while it is held,
 * since closing may wake others or write.
 */
#include <asm/errno.h>
#include <linux/resource.h>

#include "kernel/file/file.h"
#include "kernel/task/task.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"

#define FILES_FIRST 32 /* descriptors of a new table */

uint64_t nr_open = FILES_MAX;

int descriptor_limit(void)
{
    uint64_t limit = current_process()->limits[RLIMIT_NOFILE].rlim_cur;

    return limit < FILES_MAX ? (int)limit : FILES_MAX;
}

bool file_table_has_locked(const struct file_table *table, int fd)
{
    return fd >= 0 && (unsigned int)fd < table->size && table->descriptors[fd].file;
}

int file_table_grow_locked(struct file_table *table, int fd)
{
    unsigned int size = table->size;
    struct descriptor *descriptors;

    while (size <= (unsigned int)fd)
        size *= 2;
    if (size == table->size)
        return 0;
    descriptors = kzalloc(size * sizeof(*descriptors));
    if (!descriptors)
        return -ENOMEM;
    memcpy(descriptors, table->descriptors, table->size * sizeof(*descriptors));
    kfree(table->descriptors);
    table->descriptors = descriptors;
    table->size = size;
    return 0;
}

struct file_table *file_table_create(void)
{
    struct file_table *table = kzalloc(sizeof(*table));

    if (!table)
        return NULL;
    table->descriptors = kzalloc(FILES_FIRST * sizeof(*table->descriptors));
    if (!table->descriptors) {
        kfree(table);
        return NULL;
    }
    table->size = FILES_FIRST;
    table->references = 1;
    table->lock.name = "file table";
    return table;
}

struct file_table *file_table_copy(struct file_table *table)
{
    struct file_table *copy = file_table_create();

    if (!copy)
        return NULL;
    spin_lock(&table->lock);
    if (file_table_grow_locked(copy, table->size - 1)) {
        spin_unlock(&table->lock);
        file_table_put(copy);
        return NULL;
    }
    for (unsigned int fd = 0; fd < table->size; fd++) {
        copy->descriptors[fd] = table->descriptors[fd];
        if (copy->descriptors[fd].file)
            file_get(copy->descriptors[fd].file);
    }
    spin_unlock(&table->lock);
    return copy;
}

void file_table_share(struct file_table *table)
{
    __atomic_fetch_add(&table->references, 1, __ATOMIC_RELAXED);
}

void file_table_put_closed(struct file_table *table, struct file *file)
{
    TELL(file_is_released, file, table);
    file_put(file);
}

void file_table_put(struct file_table *table)
{
    if (__atomic_sub_fetch(&table->references, 1, __ATOMIC_ACQ_REL))
        return;
    for (unsigned int fd = 0; fd < table->size; fd++)
        if (table->descriptors[fd].file)
            file_table_put_closed(table, table->descriptors[fd].file);
    kfree(table->descriptors);
    kfree(table);
}

/* One reference is this task's own, and only it could add more: so the test needs no lock. */
int unshare_files(void)
{
    struct file_table *old = current()->files, *copy;

    if (__atomic_load_n(&old->references, __ATOMIC_ACQUIRE) == 1)
        return 0;
    copy = file_table_copy(old);
    if (!copy)
        return -ENOMEM;
    current()->files = copy;
    file_table_put(old);
    return 0;
}

void file_table_close_on_exec(struct file_table *table)
{
    for (unsigned int fd = 0; fd < table->size; fd++)
        if (table->descriptors[fd].close_on_exec)
            file_table_close(table, fd);
}

static int add_locked(struct file_table *table, struct file *file, int lowest, bool close_on_exec)
{
    int fd = lowest;
    int error;

    while (file_table_has_locked(table, fd))
        fd++;
    if (fd >= descriptor_limit() || (uint64_t)fd >= nr_open)
        return -EMFILE;
    error = file_table_grow_locked(table, fd);
    if (error)
        return error;
    table->descriptors[fd] = (struct descriptor){file, close_on_exec};
    return fd;
}

int file_table_add(struct file_table *table, struct file *file, int lowest, bool close_on_exec)
{
    int fd = -EINVAL;

    if (!lowest || (lowest > 0 && lowest < descriptor_limit())) {
        spin_lock(&table->lock);
        fd = add_locked(table, file, lowest, close_on_exec);
        spin_unlock(&table->lock);
    }
    if (fd < 0)
        file_put(file);
    return fd;
}

struct file *file_table_get(struct file_table *table, int fd)
{
    struct file *file = NULL;

    spin_lock(&table->lock);
    if (file_table_has_locked(table, fd)) {
        file = table->descriptors[fd].file;
        file_get(file);
    }
    spin_unlock(&table->lock);
    return file;
}

int file_table_close(struct file_table *table, int fd)
{
    struct file *file = NULL;

    spin_lock(&table->lock);
    if (file_table_has_locked(table, fd)) {
        file = table->descriptors[fd].file;
        table->descriptors[fd] = (struct descriptor){0};
    }
    spin_unlock(&table->lock);
    if (!file)
        return -EBADF;
    file_table_put_closed(table, file);
    return 0;
}
