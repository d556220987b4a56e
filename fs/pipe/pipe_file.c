// SPDX-License-Identifier: MIT
/*
 * What few programs do with the ends of a pipe: ioctl(), poll(), opening one by way of /proc; and
 * what sockets ask of their pipes.
 */
#include "fs/pipe/pipe.h"

#include <asm/errno.h>
#include <asm/ioctls.h>
#include <asm/poll.h>
#include <linux/limits.h>

#include "arch/mmu/usercopy.h"

static long control(struct file *file, unsigned int request, uintptr_t argument)
{
    return request == FIONREAD
               ? put_user_int(argument, ring_used(&((struct pipe *)file->state)->ring))
               : -ENOTTY;
}

static unsigned int poll_read_end(struct file *file)
{
    const struct pipe *pipe = file->state;
    unsigned int events = 0;

    if (ring_used(&pipe->ring))
        events |= POLLIN | POLLRDNORM;
    /* offset: how many writers a FIFO had had when this was opened; before one comes, none hangs up
     */
    if (!pipe_has_writers(pipe) && pipe->writers_ever != file->offset)
        events |= POLLHUP;
    return events;
}

static unsigned int poll_write_end(struct file *file)
{
    const struct pipe *pipe = file->state;
    unsigned int events = 0;

    if (ring_room(&pipe->ring) >= PIPE_BUF)
        events |= POLLOUT | POLLWRNORM;
    if (!pipe_has_readers(pipe))
        events |= POLLERR;
    return events;
}

static unsigned int poll(struct file *file)
{
    if (!file_is_writable(file))
        return poll_read_end(file);
    if (!file_is_readable(file))
        return poll_write_end(file);
    return (poll_read_end(file) | poll_write_end(file)) & ~(POLLHUP | POLLERR);
}

/* One more end of either kind, whichever the file is; one for both directions is not to be had. */
static int reopen(struct file *file, struct file *made)
{
    struct pipe *pipe = file->state;
    bool is_read_end = (made->flags & O_ACCMODE) == O_RDONLY;

    if (!is_read_end && (made->flags & O_ACCMODE) != O_WRONLY)
        return -ENXIO;
    if (is_read_end)
        pipe->readers++;
    else
        pipe->writers++;
    made->operations = &pipe_operations;
    made->state = pipe;
    return 0;
}

const struct file_operations pipe_operations = {
    .read = pipe_file_read,
    .write = pipe_file_write,
    .status = pipe_file_status,
    .ioctl = control,
    .poll = poll,
    .reopen = reopen,
    .may_be_direct = true,
    .footprint = pipe_add_footprint,
    .release = pipe_file_release,
};

bool pipe_is_broken(const struct file *end)
{
    return !pipe_has_readers(end->state);
}

bool pipe_is_abandoned(const struct file *end)
{
    const struct pipe *pipe = end->state;

    return !pipe->readers && ring_used(&pipe->ring);
}

void pipe_shut(struct file *end)
{
    struct pipe *pipe = end->state;

    pipe->is_shut = true;
    file_wake(&pipe->can_read);
    file_wake(&pipe->can_write);
}
