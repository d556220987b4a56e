// SPDX-License-Identifier: MIT
/*
 * How large pipes are: fcntl()'s commands for it, and the pages that one has.
 */
#include "fs/more/events.h"
#include "fs/open/open.h"
#include "fs/pipe/pipe.h"

#include <asm/errno.h>
#include <linux/fcntl.h>

#include "arch/cpu/types.h"
#include "kernel/call/permission.h"
#include "mm/object/footprint.h"

/* The first of the bytes behind the first skip ones that lie in one piece: how many, and where. */
static size_t peek(const struct byte_ring *ring, uint32_t skip, char **where)
{
    return ring_piece(ring, ring->tail + skip, ring_used(ring) - skip, where);
}

/* Puts all that is in one ring into another, too, which has the room. */
static int copy_ring(struct byte_ring *to, const struct byte_ring *from)
{
    for (uint32_t done = 0; done < ring_used(from);) {
        struct iovec segment;
        struct io_iter iter;
        char *where;

        segment.iov_len = peek(from, done, &where);
        segment.iov_base = where;
        done += segment.iov_len;
        io_iter_kernel(&iter, &segment);
        ring_put(to, &iter);
        if (iter.remaining)
            return -ENOMEM;
    }
    return 0;
}

/* Moves the bytes to a ring of another capacity: 0, -EBUSY when it is too small, -ENOMEM. */
static int ring_resize(struct byte_ring *ring, uint32_t capacity)
{
    struct byte_ring resized;
    int error;

    if (ring_used(ring) > capacity)
        return -EBUSY;
    error = ring_init(&resized, capacity);
    if (!error)
        error = copy_ring(&resized, ring);
    if (error) {
        ring_free(&resized);
        return error;
    }
    ring_free(ring);
    *ring = resized;
    return 0;
}

uint32_t pipe_round_size(uint32_t size)
{
    uint32_t capacity = PAGE_SIZE;

    while (capacity && capacity < size)
        capacity *= 2;
    return capacity;
}

/* To a power of two of pages, which is returned; -EINVAL, -EPERM, -ENOMEM, -EBUSY: more is in it.
 */
static long set_size(struct file *file, uint32_t size)
{
    struct pipe *pipe = file->state;
    uint32_t capacity = pipe_round_size(size);
    int error;

    if (!capacity)
        return -EINVAL;
    if (capacity > pipe->ring.capacity && capacity > pipe_max_size && !task_may(CAP_SYS_RESOURCE))
        return -EPERM;
    error = ring_resize(&pipe->ring, capacity);
    if (error)
        return error;
    file_wake(&pipe->can_write);
    return capacity;
}

static long get_size(const struct file *file)
{
    return ((struct pipe *)file->state)->ring.capacity;
}

static int command(const struct file_command *command, long *result)
{
    if (command->number != F_GETPIPE_SZ && command->number != F_SETPIPE_SZ)
        return 0;
    if (!file_is_pipe(command->file))
        *result = -EBADF;
    else if (command->number == F_GETPIPE_SZ)
        *result = get_size(command->file);
    else
        *result = set_size(command->file, command->argument);
    return 1;
}
ATTACH(file_is_commanded, command);

/* How many pages it has reached. */
static uint32_t ring_count_pages(const struct byte_ring *ring)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < ring->capacity / PAGE_SIZE; i++)
        count += ring->pages[i] != NULL;
    return count;
}

void pipe_add_footprint(struct file *file, struct footprint *footprint)
{
    struct pipe *pipe = file->state;

    if (pipe->counted_by != footprint->count)
        footprint->files += ring_count_pages(&pipe->ring);
    pipe->counted_by = footprint->count;
}
