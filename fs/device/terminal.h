// SPDX-License-Identifier: MIT
/*
 * Files of terminals: file->state is the struct tty (kernel/tty/tty.h), file->node the name by
 * which it was opened.
 */
#ifndef FS_DEVICE_TERMINAL_H
#define FS_DEVICE_TERMINAL_H

#include "fs/node/node.h"
#include "kernel/file/file.h"
#include "kernel/tty/tty.h"

/* Opens a terminal as a file, which gets its operations from the caller: 0 or tty_open()'s errors.
 */
int terminal_open(struct tty *tty, struct file *file);

/* What the operations do; a pseudo-terminal's master has some of them (fs/device/devpts.c). */
long terminal_read(struct file *file, struct io_iter *to, uint64_t *offset);
long terminal_write(struct file *file, struct io_iter *from, uint64_t *offset);
long terminal_ioctl(struct file *file, unsigned int request, uintptr_t argument);
unsigned int terminal_poll(struct file *file);
void terminal_release(struct file *file);

extern const struct file_operations terminal_file_operations;

#endif
