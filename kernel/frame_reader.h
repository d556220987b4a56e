// SPDX-License-Identifier: MIT
/*
 * The frames of the channel that come in, byte by byte (kernel/frame.h draws one). What is between
 * frames is noise. The payload of standard input is handed on as it comes, since it may be long; of
 * any other frame the first bytes are kept.
 */
#ifndef KERNEL_FRAME_READER_H
#define KERNEL_FRAME_READER_H

#include <stdbool.h>
#include <stdint.h>

#define FRAME_CONTROL_SIZE 8 /* the longest payload other than standard input's */

struct frame_reader {
    unsigned int count; /* bytes of the frame that have come */
    uint8_t type;       /* enum frame_type, or one of a later version of the protocol */
    uint16_t length;    /* of the payload */
    uint8_t control[FRAME_CONTROL_SIZE]; /* zeros behind a payload that is shorter */
};

/* Takes the next byte; returns whether it is one of standard input. */
bool frame_reader_take(struct frame_reader *reader, uint8_t byte);

/* Whether the frame is all there; it is to be forgotten before the next byte. */
bool frame_reader_is_complete(const struct frame_reader *reader);
void frame_reader_forget(struct frame_reader *reader);

/* 16 bits of the payload. */
uint16_t frame_reader_u16(const struct frame_reader *reader, unsigned int offset);

#endif
