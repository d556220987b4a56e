// SPDX-License-Identifier: MIT
/*
 * Frames of the channel: their format, sending and receiving them, and the bytes of stdin, which
 * come in frames of their own.
 *
 *   0xa5  type  length, 16 bits, little-endian  payload, at most 4096 bytes
 *
 * Frames to be sent wait whole in a ring until the UART takes them, so no frame is sent in part
 * only, and no writer holds the CPU while the host is slow.
 */
#ifndef KERNEL_CHANNEL_FRAME_H
#define KERNEL_CHANNEL_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/cpu/attach.h"
#include "arch/lock/spinlock.h"

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
    FRAME_DUMP = 'F',
    FRAME_INPUT = 'I',
    FRAME_END_OF_INPUT = 'Z',
    FRAME_SIGNAL = 'S',
    FRAME_WINDOW = 'W',
    FRAME_TRACE = 'T',
    FRAME_ACKNOWLEDGE = 'K',
};

/*
 * A host that makes no progress for this long is gone. It is long because a person may be reading
 * the output, a screen at a time.
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

/* Gives the UART what it takes and wakes those who wait for room. Returns whether any was taken. */
bool frame_poll(void);

/* ---- frames that come in, byte by byte; what is between them is noise ---- */

#define FRAME_CONTROL_SIZE 8 /* the longest payload other than standard input's */

/* A frame that is coming in: all zeros before its first byte. */
struct frame_reader {
    unsigned int count; /* bytes of the frame that have come */
    uint8_t type;       /* enum frame_type, or one of a later version of the protocol */
    uint16_t length;    /* of the payload */
    uint8_t control[FRAME_CONTROL_SIZE]; /* zeros behind a payload that is shorter */
};

/*
 * Takes the next byte; returns whether it is one of standard input: that payload may be long, and
 * is handed on as it comes.
 */
bool frame_reader_take(struct frame_reader *reader, uint8_t byte);

bool frame_reader_is_complete(const struct frame_reader *reader);

/*
 * A frame from the host is complete, and the channel has done its part: bytes of standard input are
 * in the ring, the first hello has said which descriptors are terminals. Also told of types that
 * the channel does not know. Under channel_receive_lock with interrupts off, at boot without a
 * scheduler: it may not wait, nor fail.
 */
EVENT(channel_frame, void, const struct frame_reader *frame);

/* ---- the bytes of stdin ---- */

#define INPUT_SIZE 16384 /* what the host may send before it gets credit */

/*
 * They wait in a ring. The host has credit for the size of the ring at first, sends no more than it
 * has, and gets credit back for what was read.
 */
struct channel_input {
    uint8_t bytes[INPUT_SIZE];
    uint32_t head, tail; /* grow for ever, taken modulo the size */
    uint32_t uncredited; /* bytes read and not yet told to the host */
    bool has_ended;
};

extern struct channel_input channel_input;

/* Covers the ring, and the frame that is coming in; taken with interrupts off. */
extern struct spinlock channel_receive_lock;

/* Adds a byte that has come; one for which the host had no credit is lost. */
void input_add_locked(uint8_t byte);

/* Wakes those who wait for bytes; the second one for good, since no more will come. */
void input_wake_locked(void);
void input_end_locked(void);

/* Tells the host of bytes that were read, if it is time. */
void input_send_credit_locked(void);

#endif
