// SPDX-License-Identifier: MIT
/*
 * Frames that come in by the channel. The whole input is taken apart at once here, too, and both
 * have to find the same.
 */
#include "kernel/channel/frame.h"

#include "libc/include/string.h"
#include "tests/parsers/support/harness.h"

static struct frame_reader reader;

/* Gives the reader bytes; returns how many of them were standard input's. */
static size_t give(const uint8_t *bytes, size_t count)
{
    size_t inputs = 0;

    for (size_t i = 0; i < count; i++)
        inputs += frame_reader_take(&reader, bytes[i]);
    return inputs;
}

static void check_control(const uint8_t *payload, size_t length)
{
    for (size_t i = 0; i < FRAME_CONTROL_SIZE; i++)
        expect(reader.control[i] == (i < length ? payload[i] : 0));
}

/* A frame of which size bytes are there; returns how many of them were taken. */
static size_t check_frame(const uint8_t *frame, size_t size)
{
    if (size < FRAME_HEADER_SIZE) {
        expect(!give(frame, size) && !frame_reader_is_complete(&reader));
        return size;
    }
    size_t length = frame[2] | frame[3] << 8;
    size_t there = size - FRAME_HEADER_SIZE < length ? size - FRAME_HEADER_SIZE : length;
    size_t inputs = give(frame, FRAME_HEADER_SIZE + there);
    expect(inputs == (frame[1] == FRAME_INPUT ? there : 0));
    expect(frame_reader_is_complete(&reader) == (there == length));
    expect(reader.type == frame[1] && reader.length == length);
    if (there == length) {
        check_control(frame + FRAME_HEADER_SIZE, frame[1] == FRAME_INPUT ? 0 : length);
        reader = (struct frame_reader){0};
    }
    return FRAME_HEADER_SIZE + there;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    reader = (struct frame_reader){0};
    for (size_t at = 0; at < size;) {
        if (bytes[at] != FRAME_START) {
            expect(!give(bytes + at, 1) && !frame_reader_is_complete(&reader));
            at++;
        } else {
            at += check_frame(bytes + at, size - at);
        }
    }
    return 0;
}
