// SPDX-License-Identifier: MIT
#include "kernel/frame_reader.h"

#include "kernel/frame.h"

static bool take_payload(struct frame_reader *reader, uint8_t byte)
{
    unsigned int offset = reader->count++ - FRAME_HEADER_SIZE;

    if (reader->type == FRAME_INPUT)
        return true;
    if (offset < FRAME_CONTROL_SIZE)
        reader->control[offset] = byte;
    return false;
}

bool frame_reader_take(struct frame_reader *reader, uint8_t byte)
{
    switch (reader->count) {
    case 0:
        if (byte != FRAME_START)
            return false;
        break;
    case 1:
        reader->type = byte;
        break;
    case 2:
        reader->length = byte;
        break;
    case 3:
        reader->length = (uint16_t)(reader->length | byte << 8);
        break;
    default:
        return take_payload(reader, byte);
    }
    reader->count++;
    return false;
}

bool frame_reader_is_complete(const struct frame_reader *reader)
{
    return reader->count >= FRAME_HEADER_SIZE &&
           reader->count - FRAME_HEADER_SIZE == reader->length;
}

void frame_reader_forget(struct frame_reader *reader)
{
    *reader = (struct frame_reader){0};
}

uint16_t frame_reader_u16(const struct frame_reader *reader, unsigned int offset)
{
    return (uint16_t)(reader->control[offset] | reader->control[offset + 1] << 8);
}
