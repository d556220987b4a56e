// SPDX-License-Identifier: MIT
/*
 * What few programs do with the channel's streams besides reading and writing: they look like pipes
 * to fstat, FIONREAD and poll, and can be opened once more.
 */
#include <asm/errno.h>
#include <asm/ioctls.h>
#include <asm/poll.h>
#include <asm/stat.h>
#include <linux/stat.h>

#include "arch/cpu/types.h"
#include "arch/mmu/usercopy.h"
#include "kernel/channel/channel.h"
#include "kernel/channel/frame.h"
#include "kernel/file/file.h"
#include "libc/include/string.h"

static unsigned int descriptor_of(const struct file *file)
{
    return (uintptr_t)file->state;
}

/* How many bytes of descriptor 0 can be read. */
static size_t readable(void)
{
    return channel_input.head - channel_input.tail;
}

static int stream_status(struct file *file, struct stat *status)
{
    memset(status, 0, sizeof(*status));
    status->st_mode = S_IFIFO | 0600;
    status->st_ino = descriptor_of(file) + 1;
    status->st_nlink = 1;
    status->st_blksize = PAGE_SIZE;
    return 0;
}

static long control_stream(struct file *file, unsigned int request, uintptr_t argument)
{
    if (request != FIONREAD || descriptor_of(file) != 0)
        return -ENOTTY;
    return put_user_int(argument, readable());
}

static unsigned int poll_stream(struct file *file)
{
    unsigned int events = 0;

    if (descriptor_of(file) == 0) {
        if (readable())
            events |= POLLIN | POLLRDNORM;
        if (channel_input.has_ended)
            events |= POLLHUP;
        return events;
    }
    if (frame_has_room() || frame_host_is_gone())
        events |= POLLOUT | POLLWRNORM;
    if (frame_host_is_gone())
        events |= POLLERR;
    return events;
}

static int reopen_stream(struct file *file, struct file *made)
{
    made->operations = file->operations;
    made->state = file->state;
    return 0;
}

static const struct file_operations operations = {
    .read = channel_read_stream,
    .write = channel_write_stream,
    .status = stream_status,
    .ioctl = control_stream,
    .poll = poll_stream,
    .reopen = reopen_stream,
};

static void use_operations(struct file *file)
{
    file->operations = &operations;
}

ATTACH(channel_stream_is_made, use_operations);
