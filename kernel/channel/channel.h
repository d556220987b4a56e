// SPDX-License-Identifier: MIT
/*
 * The channel to the host: frames over a second serial port that carry the first program's
 * streams, end of file, signals, window size and exit status. docs/channel.md has the protocol.
 *
 * The room owns the frames, the queue of those to be sent, and the bytes of stdin. It leaves the
 * serial port to arch/device/uart.h, and the rest of the first program's life to
 * kernel/start/first_program.c.
 *
 * A stream is plain bytes here. Where the host says that it is a terminal, a room above may make
 * one of it (kernel/tty/tty_channel.c).
 */
#ifndef KERNEL_CHANNEL_CHANNEL_H
#define KERNEL_CHANNEL_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/cpu/attach.h"
#include "kernel/call/io_iter.h"

struct file;
struct uart_place;

/*
 * Opens the port that words name ("ttyS1") and sends the hello. 0; -EINVAL for other words;
 * -EBUSY when the console has that port; -ENODEV when there is no UART.
 */
int channel_open(const char *words);

/* Which port do these words name? Not 0: place has it. If no room knows: ttyS0 to ttyS3. */
EVENT(channel_port_is_named, int, const char *words, struct uart_place *place);

/*
 * Waits for the host's answer to the hello: 0, or -ETIMEDOUT, and then there is no channel. On
 * success it is known which descriptors are terminals. Must follow a successful open; needs the
 * clock, but not the scheduler.
 */
int channel_connect(void);

/* Whether there is a host at the other end. */
bool channel_is_connected(void);

/* Whether the host's descriptor 0, 1 or 2 is a terminal. */
bool channel_is_terminal(unsigned int descriptor);

/* The process group that the host's signals go to. */
void channel_set_process_group(int group);

/*
 * Writes to descriptor 1 or 2: bytes, or -EIO when the host has taken nothing for a long time.
 * flags are a file's: O_NONBLOCK counts.
 */
long channel_write(unsigned int descriptor, struct io_iter *from, unsigned int flags);

/* Makes a file for the stream of the host's descriptor 0, 1 or 2, with one reference. -ENOMEM. */
int channel_stream_file(unsigned int descriptor, struct file **file);

/*
 * A stream's file has been made, and nobody else knows it yet: a room above may give it a table
 * with more operations than these two. file->state is the descriptor's number. It may not fail.
 */
EVENT(channel_stream_is_made, void, struct file *file);

long channel_read_stream(struct file *file, struct io_iter *to, uint64_t *offset);
long channel_write_stream(struct file *file, struct io_iter *from, uint64_t *offset);

/*
 * Tells the host the first program's wait status, and waits until the host has everything or has
 * been silent for a long time. Needs neither the scheduler nor interrupts.
 */
void channel_exit(int wait_status);

#endif
