// SPDX-License-Identifier: MIT
/*
 * The channel to the host: frames over a second serial port that carry the first program's
 * streams, end of file, signals, window size and exit status. docs/channel.md has the protocol.
 *
 * Where the host says that a stream is a terminal, the channel is the terminal's backend;
 * otherwise the stream is read and written here as it is.
 */
#ifndef KERNEL_CHANNEL_H
#define KERNEL_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/io_iter.h"

/*
 * Opens the port that words name ("ttyS1") and sends the hello. 0; -EINVAL for other words;
 * -EBUSY when the console has that port; -ENODEV when there is no UART.
 */
int channel_open(const char *words);

/*
 * Waits for the host's answer to the hello: 0, or -ETIMEDOUT, and then there is no channel. The
 * descriptors that are terminals are known afterwards. Must be called after a successful open,
 * with the clock running; the scheduler need not.
 */
int channel_connect(void);

/* Whether there is a host at the other end. */
bool channel_is_connected(void);

/* Whether the host's descriptor 0, 1 or 2 is a terminal. */
bool channel_is_terminal(unsigned int descriptor);

/* The process group that the host's signals go to. */
void channel_set_process_group(int group);

/*
 * Reads descriptor 0: bytes, 0 at its end, or a negative errno. Writes descriptor 1 or 2. flags
 * are the file's: O_NONBLOCK counts. A write is -EIO when the host has taken nothing for long.
 */
long channel_read(struct io_iter *to, unsigned int flags);
long channel_write(unsigned int descriptor, struct io_iter *from, unsigned int flags);

/* POLLIN, POLLOUT ... that hold now for a descriptor; and how many bytes can be read. */
unsigned int channel_poll_events(unsigned int descriptor);
size_t channel_readable(void);

/*
 * Tells the host the first program's wait status, and waits until it has everything or has been
 * silent for long. Needs neither the scheduler nor interrupts.
 */
void channel_exit(int wait_status);

#endif
