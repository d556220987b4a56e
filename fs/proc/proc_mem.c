// SPDX-License-Identifier: MIT
/*
 * /proc/PID/mem: a process's memory, with addresses as offsets. Neither PKRU, but for closed keys
 * (struct key_policies), nor the protection of the pages counts: a debugger reads and writes here.
 *
 * /proc/PID/pagemap: a number for each page of it, at 8 times the page's own number:
 *
 *     63       61               56            54       0
 *     present  file or shared   exclusively   frame, for who has CAP_SYS_ADMIN
 */
#include <asm/errno.h>
#include <linux/capability.h>

#include "fs/proc/proc.h"
#include "kernel/call/permission.h"
#include "kernel/file/file.h"
#include "kernel/task/task.h"
#include "mm/access/access.h"
#include "mm/page/slab.h"
#include "mm/space/address_space.h"
#include "mm/usage/vma_usage.h"

/*
 * The file is one of an address space and not of the process: it keeps the one that the process
 * had when it was opened, and is empty once the process has another or none.
 */
static bool is_current(struct file *file)
{
    const struct task *task = proc_task(pseudo_node(file->node));

    return file->state && task && task->space == file->state;
}

static size_t piece_of(const struct io_iter *iter)
{
    return iter->remaining < PAGE_SIZE ? iter->remaining : PAGE_SIZE;
}

static long read_through(struct address_space *space, struct io_iter *to, uint64_t *offset,
                         char *buffer)
{
    long total = 0;

    while (to->remaining) {
        size_t got = space_read(space, *offset, buffer, piece_of(to));

        if (!got)
            return total ? total : -EIO;
        if (io_iter_put(to, buffer, got) < got)
            return -EFAULT;
        *offset += got;
        total += got;
    }
    return total;
}

static long write_through(struct address_space *space, struct io_iter *from, uint64_t *offset,
                          char *buffer)
{
    long total = 0;

    while (from->remaining) {
        size_t size = piece_of(from);
        size_t written;

        if (io_iter_take(from, buffer, size) < size)
            return -EFAULT;
        written = space_write(space, *offset, buffer, size);
        *offset += written;
        total += written;
        if (!written)
            return total ? total : -EIO;
    }
    return total;
}

typedef long (*transfer_t)(struct address_space *space, struct io_iter *iter, uint64_t *offset,
                           char *buffer);

static long transfer(struct file *file, struct io_iter *iter, uint64_t *offset, transfer_t through)
{
    char *buffer;
    long result;

    if (!is_current(file))
        return 0;
    buffer = kmalloc(PAGE_SIZE);
    if (!buffer)
        return -ENOMEM;
    result = through(file->state, iter, offset, buffer);
    kfree(buffer);
    return result;
}

static long read(struct file *file, struct io_iter *to, uint64_t *offset)
{
    return transfer(file, to, offset, read_through);
}

static long write(struct file *file, struct io_iter *from, uint64_t *offset)
{
    return transfer(file, from, offset, write_through);
}

static void release(struct file *file)
{
    if (file->state)
        space_put(file->state);
    node_put(file->node);
}

static const struct file_operations mem_file_operations = {
    .read = read,
    .write = write,
    .seek = file_seek_without_end,
    .release = release,
};

/* ---- pagemap ---- */

#define ENTRY_PRESENT   (1ul << 63)
#define ENTRY_FILE      (1ul << 61)
#define ENTRY_EXCLUSIVE (1ul << 56)

static uint64_t entry_of(struct address_space *space, uintptr_t address)
{
    struct page_view view;

    if (!space_view_page(space, address, &view))
        return 0;
    return ENTRY_PRESENT | (view.is_objects ? ENTRY_FILE : 0) |
           (view.is_exclusive ? ENTRY_EXCLUSIVE : 0) | (task_may(CAP_SYS_ADMIN) ? view.frame : 0);
}

static long read_pagemap(struct file *file, struct io_iter *to, uint64_t *offset)
{
    const uint64_t end = (USER_END >> PAGE_SHIFT) * sizeof(uint64_t);
    uint64_t start = *offset;

    if ((*offset | to->remaining) % sizeof(uint64_t))
        return -EINVAL;
    if (!is_current(file))
        return 0;
    for (; to->remaining && *offset < end; *offset += sizeof(uint64_t)) {
        uint64_t entry = entry_of(file->state, *offset / sizeof(uint64_t) << PAGE_SHIFT);

        if (io_iter_put(to, &entry, sizeof(entry)) < sizeof(entry))
            return -EFAULT;
    }
    return (long)(*offset - start);
}

static const struct file_operations pagemap_file_operations = {
    .read = read_pagemap,
    .seek = file_seek_without_end,
    .release = release,
};

/* ---- opening ---- */

static int open_space(struct node *node, struct file *file,
                      const struct file_operations *operations)
{
    const struct task *task = proc_task(pseudo_node(node));

    if (!task)
        return -ESRCH;
    if (!task_may_trace(task))
        return -EACCES;
    if (task->space)
        space_get(task->space);
    file->state = task->space;
    file->operations = operations;
    file->seekable = true;
    file->has_addresses = true;
    return 0;
}

static int open_mem(struct node *node, struct file *file)
{
    return open_space(node, file, &mem_file_operations);
}

static int open_pagemap(struct node *node, struct file *file)
{
    return open_space(node, file, &pagemap_file_operations);
}

const struct node_operations proc_mem_operations = {
    .open = open_mem,
    .release = pseudo_release,
};

const struct node_operations proc_pagemap_operations = {
    .open = open_pagemap,
    .release = pseudo_release,
};
