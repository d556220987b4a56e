// SPDX-License-Identifier: MIT
/* Files of terminals: file->state is the struct tty. */
#include "fs/device/terminal.h"

#include "fs/node/node.h"

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
