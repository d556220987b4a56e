// SPDX-License-Identifier: MIT
#include "kernel/log.h"

#include "libc/include/string.h"

static char ring[LOG_SIZE];
static uint64_t written; /* bytes since boot; modulo LOG_SIZE the place of the next */
static bool is_in_line;  /* the last byte was no newline */

uint64_t log_is_restricted = 1;

static void put(char byte)
{
    ring[written++ % LOG_SIZE] = byte;
}

void log_write(unsigned int level, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!is_in_line) {
            put('<');
            put((char)('0' + level));
            put('>');
        }
        put(bytes[i]);
        is_in_line = bytes[i] != '\n';
    }
}

/* The first of the bytes may be inside a line: the one behind the first newline is whole. */
uint64_t log_tail(size_t size)
{
    if (size > LOG_SIZE)
        size = LOG_SIZE;
    if (size >= written)
        return 0;
    uint64_t position = written - size + 1;
    while (position < written && ring[(position - 1) % LOG_SIZE] != '\n')
        position++;
    return position;
}

static bool begins_line(uint64_t position)
{
    return position == 0 || ring[(position - 1) % LOG_SIZE] == '\n';
}

static bool is_level(uint64_t position)
{
    return position > 0 && begins_line(position - 1);
}

static uint64_t skip_private(uint64_t position)
{
    while (position + 1 < written && begins_line(position) &&
           (ring[(position + 1) % LOG_SIZE] & LOG_PRIVATE))
        do
            position++;
        while (position < written && !begins_line(position));
    return position;
}

size_t log_read(uint64_t *position, char *bytes, size_t size, bool with_private)
{
    size_t count = 0;

    /* The byte before is looked at, too: it must not be overwritten yet. */
    if (*position == 0 || *position + LOG_SIZE <= written)
        *position = log_tail(LOG_SIZE);
    if (!with_private)
        *position = skip_private(*position);
    while (count < size && *position < written) {
        char byte = ring[*position % LOG_SIZE];
        bytes[count++] = is_level(*position) ? (char)(byte & ~LOG_PRIVATE) : byte;
        ++*position;
        if (byte == '\n')
            break;
    }
    return count;
}
