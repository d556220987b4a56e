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

/* The oldest line may have lost its beginning: the one behind the oldest newline is whole. */
static uint64_t oldest_line(void)
{
    if (written <= LOG_SIZE)
        return 0;
    uint64_t position = written - LOG_SIZE + 1;
    while (position < written && ring[(position - 1) % LOG_SIZE] != '\n')
        position++;
    return position;
}

size_t log_read(uint64_t *position, char *bytes, size_t size)
{
    size_t count = 0;

    if (*position == 0 || *position + LOG_SIZE < written)
        *position = oldest_line();
    while (count < size && *position < written) {
        char byte = ring[(*position)++ % LOG_SIZE];
        bytes[count++] = byte;
        if (byte == '\n')
            break;
    }
    return count;
}
