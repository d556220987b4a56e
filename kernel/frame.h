// SPDX-License-Identifier: MIT
/*
 * Frames of the channel: what they look like, and those on their way to the host.
 *
 *   0xa5  type  length, 16 bits, little-endian  payload, at most 4096 bytes
 *
 * Frames to be sent wait whole in a ring until the UART takes them, so no writer sees half of
 * its frame lost, and none holds the CPU while the host is slow.
 */
#ifndef KERNEL_FRAME_H
#define KERNEL_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct uart;

#define FRAME_START       0xa5
#define FRAME_HEADER_SIZE 4
#define FRAME_PAYLOAD_MAX 2048 /* of the frames that we send */

enum frame_type {
    FRAME_HELLO = 'H',
    FRAME_OUTPUT = 'O',
    FRAME_ERROR = 'E',
    FRAME_CREDIT = 'C',
    FRAME_EXIT = 'X',
    FRAME_INPUT = 'I',
    FRAME_END_OF_INPUT = 'Z',
    FRAME_SIGNAL = 'S',
    FRAME_WINDOW = 'W',
    FRAME_TRACE = 'T',
    FRAME_ACKNOWLEDGE = 'K',
};

/*
 * Without progress for so long the host is gone. It is long because a person may be reading what
 * was written, a screen at a time.
 */
#define FRAME_SILENCE_NS 600000000000ul /* 10 min */

/* Frames go out through this port. */
void frame_init(struct uart *uart);

/* Queues a frame if there is room for all of it. Never waits; also with interrupts off. */
bool frame_send(enum frame_type type, const void *payload, size_t size);

/* Queues a frame, waiting for room: 0; -EAGAIN; -ERESTARTSYS; -EIO when the host is gone. */
int frame_send_waiting(enum frame_type type, const void *payload, size_t size, bool may_wait);

/* Whether there is room for the longest frame; and whether there will be. */
bool frame_has_room(void);
bool frame_host_is_gone(void);

/* Gives the UART what it takes and wakes who waits for room. Whether there was progress. */
bool frame_poll(void);

#endif
