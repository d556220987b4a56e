// SPDX-License-Identifier: MIT
#include "kernel/channel/frame.h"

bool frame_reader_take(struct frame_reader *reader, uint8_t byte)
{
    unsigned int at = reader->count;

    if (at == 0 && byte != FRAME_START)
        return false;
    reader->count++;
    if (at == 1)
        reader->type = byte;
    else if (at == 2)
        reader->length = byte;
    else if (at == 3)
        reader->length = (uint16_t)(reader->length | byte << 8);
    if (at < FRAME_HEADER_SIZE)
        return false;
    if (reader->type == FRAME_INPUT)
        return true;
    if (at - FRAME_HEADER_SIZE < FRAME_CONTROL_SIZE)
        reader->control[at - FRAME_HEADER_SIZE] = byte;
    return false;
}

bool frame_reader_is_complete(const struct frame_reader *reader)
{
    return reader->count >= FRAME_HEADER_SIZE &&
           reader->count - FRAME_HEADER_SIZE == reader->length;
}
