// SPDX-License-Identifier: MIT
#include "kernel/console/console.h"

struct log kernel_log;

static void put(char byte)
{
    kernel_log.ring[kernel_log.written++ % LOG_SIZE] = byte;
}

void log_write(unsigned int level, const char *bytes, size_t count)
{
    static bool is_in_line; /* the last byte was no newline */

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
