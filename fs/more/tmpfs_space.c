// SPDX-License-Identifier: MIT
/*
 * Where the files of tmpfs have pages, and where holes: making either, and looking for them.
 */
#include <asm/errno.h>

#include "fs/more/node_times.h"
#include "fs/more/seals.h"
#include "fs/more/tmpfs_more.h"
#include "kernel/signal/signal.h"
#include "kernel/task/task.h"
#include "mm/hole/holes.h"

/* There is data wherever a page is, and a hole behind the end. */
long tmpfs_seek_data(struct memory_object *object, long offset, bool data)
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

int tmpfs_zero(struct node *node, uint64_t start, uint64_t end)
{
    if (node->seals & SEALS_OF_WRITING)
        return -EPERM;
    object_clear(tmpfs_node(node)->object, start, end);
    node_touch(node);
    return 0;
}

int tmpfs_allocate(struct node *node, uint64_t start, uint64_t end)
{
    struct memory_object *object = tmpfs_node(node)->object;
    uint64_t first = start >> PAGE_SHIFT;
    uint64_t last = (end - 1) >> PAGE_SHIFT;
    uint64_t index = first;
    int error = 0;

    if ((node->seals & F_SEAL_GROW) && end > object->size)
        return -EPERM;
    node_touch(node);
    if (last - first >= page_count_total() ||
        (object->charge && last - first >= tmpfs_block_limit()))
        return -ENOSPC;
    while (index <= last && !error) {
        error = signal_is_killed(current()) ? -EINTR : object_reserve(object, index);
        index += !error;
    }
    if (error) /* as on Linux: what cannot be had as a whole is not kept in part */
        object_drop_reserved(object, first, index);
    return error == -ENOMEM ? -ENOSPC : error;
}
