// SPDX-License-Identifier: MIT
/*
 * FIFOs: pipes that are opened by a name.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <linux/stat.h>

#include "fs/node/node.h"
#include "fs/open/open.h"
#include "fs/pipe/pipe.h"

/* The wait of one who opens an end: for one that opens the other, even if that is closed again. */
struct open_wait {
    const unsigned int *open;
    const uint64_t *ever;
    uint64_t before;
};

static bool is_opened(void *context)
{
    const struct open_wait *wait = context;

    return *wait->open || *wait->ever != wait->before;
}

static int open_read_end(struct pipe *pipe, struct file *file)
{
    struct open_wait wait = {&pipe->writers, &pipe->writers_ever, pipe->writers_ever};

    file->offset = pipe->writers ? 0 : pipe->writers_ever;
    pipe->readers++;
    pipe->readers_ever++;
    file_wake(&pipe->can_write);
    return file->flags & O_NONBLOCK ? 0 : wait_event(&pipe->can_read, is_opened, &wait);
}

static int open_write_end(struct pipe *pipe)
{
    struct open_wait wait = {&pipe->readers, &pipe->readers_ever, pipe->readers_ever};

    pipe->writers++;
    pipe->writers_ever++;
    file_wake(&pipe->can_read);
    return wait_event(&pipe->can_write, is_opened, &wait);
}

static int open_both_ends(struct pipe *pipe)
{
    pipe->readers++;
    pipe->readers_ever++;
    pipe->writers++;
    pipe->writers_ever++;
    file_wake(&pipe->can_read);
    file_wake(&pipe->can_write);
    return 0;
}

/*
 * The pipe of a FIFO hangs on its node, from the first open to the last close. A wait that fails
 * leaves an open file, whose release undoes the opening.
 */
static int open_fifo(struct pipe **place, struct file *file)
{
    unsigned int mode = file->flags & O_ACCMODE;

    if (mode == O_ACCMODE) /* neither reads nor writes: opens a device for its ioctls */
        return -EINVAL;
    if (mode == O_WRONLY && (file->flags & O_NONBLOCK) && (!*place || !(*place)->readers))
        return -ENXIO;
    if (!*place) {
        *place = pipe_make();
        if (!*place)
            return -ENOMEM;
        (*place)->place = place;
    }
    file->operations = &pipe_operations;
    file->state = *place;
    if (mode == O_RDONLY)
        return open_read_end(*place, file);
    return mode == O_WRONLY ? open_write_end(*place) : open_both_ends(*place);
}

static int open_special(struct node *node, struct file *file)
{
    int error;

    if (!S_ISFIFO(node->mode))
        return 0;
    error = open_fifo(&node->pipe, file);
    return error ? error : 1;
}
ATTACH(special_file_opens, open_special);
