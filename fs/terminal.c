// SPDX-License-Identifier: MIT
/*
 * Files of terminals, and of the channel's streams that are no terminals: those look like pipes to
 * the program.
 */
#include "fs/terminal.h"

#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/ioctls.h>

#include "arch/types.h"
#include "arch/usercopy.h"
#include "fs/devices.h"
#include "fs/open.h"
#include "fs/path.h"
#include "kernel/channel.h"
#include "libc/include/string.h"

/* ---- Terminals: file->state is the struct tty ---- */

int terminal_open(struct tty *tty, struct file *file)
{
    file->state = tty;
    return tty_open(tty, file->flags);
}

long terminal_read(struct file *file, struct io_iter *to, uint64_t *offset)
{
    (void)offset;
    return tty_read(file->state, to, file->flags);
}

long terminal_write(struct file *file, struct io_iter *from, uint64_t *offset)
{
    (void)offset;
    return tty_write(file->state, from, file->flags);
}

long terminal_ioctl(struct file *file, unsigned int request, uintptr_t argument)
{
    return tty_ioctl(file->state, request, argument, file->flags);
}

unsigned int terminal_poll(struct file *file)
{
    return tty_poll(file->state);
}

void terminal_release(struct file *file)
{
    tty_close(file->state);
    node_put(file->node);
}

const struct file_operations terminal_file_operations = {
    .read = terminal_read,
    .write = terminal_write,
    .ioctl = terminal_ioctl,
    .poll = terminal_poll,
    .release = terminal_release,
};

/* ---- The channel's streams: file->state is the descriptor's number ---- */

static unsigned int descriptor_of(const struct file *file)
{
    return (uintptr_t)file->state;
}

static long read_stream(struct file *file, struct io_iter *to, uint64_t *offset)
{
    (void)offset;
    return channel_read(to, file->flags);
}

static long write_stream(struct file *file, struct io_iter *from, uint64_t *offset)
{
    (void)offset;
    return channel_write(descriptor_of(file), from, file->flags);
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
    return put_user_int(argument, channel_readable());
}

static unsigned int poll_stream(struct file *file)
{
    return channel_poll_events(descriptor_of(file));
}

static int reopen_stream(struct file *file, struct file *made);

static const struct file_operations stream_operations = {
    .read = read_stream,
    .write = write_stream,
    .status = stream_status,
    .ioctl = control_stream,
    .poll = poll_stream,
    .reopen = reopen_stream,
};

static int reopen_stream(struct file *file, struct file *made)
{
    made->operations = &stream_operations;
    made->state = file->state;
    return 0;
}

static int stream_file(unsigned int descriptor, struct file **file)
{
    *file = file_create(&stream_operations, descriptor == 0 ? O_RDONLY : O_WRONLY);
    if (!*file)
        return -ENOMEM;
    (*file)->state = (void *)(uintptr_t)descriptor;
    return 0;
}

int standard_file(unsigned int descriptor, struct file **file)
{
    if (channel_is_connected() && !channel_is_terminal(descriptor))
        return stream_file(descriptor, file);
    const struct open_how how = {.flags = O_RDWR | O_NOCTTY};

    return open_path(path_root, "/dev/console", &how, file);
}
