// SPDX-License-Identifier: MIT
#include "kernel/log.h"

#include <stdbool.h>

#include "libc/include/string.h"

static char ring[LOG_SIZE];
static uint64_t written; /* bytes since boot; modulo LOG_SIZE the place of the next */
static bool is_in_line;  /* the last byte was no newline */

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

size_t log_read(uint64_t *position, char *bytes, size_t size)
{
    size_t count = 0;

    if (*position == 0 || *position + LOG_SIZE < written)
        *position = log_tail(LOG_SIZE);
    while (count < size && *position < written) {
        char byte = ring[(*position)++ % LOG_SIZE];
        bytes[count++] = byte;
        if (byte == '\n')
            break;
    }
    return count;
}
