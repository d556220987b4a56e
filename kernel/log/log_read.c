// SPDX-License-Identifier: MIT
#include "kernel/log/log.h"

uint64_t log_is_restricted = 1;

static char byte_at(uint64_t position)
{
    return kernel_log.ring[position % LOG_SIZE];
}

/* The first of the bytes may be inside a line: the one behind the first newline is whole. */
static uint64_t tail_locked(size_t size)
{
    if (size > LOG_SIZE)
        size = LOG_SIZE;
    if (size >= kernel_log.written)
        return 0;
    uint64_t position = kernel_log.written - size + 1;
    while (position < kernel_log.written && byte_at(position - 1) != '\n')
        position++;
    return position;
}

uint64_t log_tail(size_t size)
{
    uint64_t flags = console_lock();
    uint64_t position = tail_locked(size);

    console_unlock(flags);
    return position;
}

static bool begins_line(uint64_t position)
{
    return position == 0 || byte_at(position - 1) == '\n';
}

static bool is_level(uint64_t position)
{
    return position > 0 && begins_line(position - 1);
}

static uint64_t skip_private(uint64_t position)
{
    while (position + 1 < kernel_log.written && begins_line(position) &&
           (byte_at(position + 1) & MESSAGE_PRIVATE))
        do
            position++;
        while (position < kernel_log.written && !begins_line(position));
    return position;
}

static size_t read_locked(uint64_t *position, char *bytes, size_t size, bool with_private)
{
    size_t count = 0;

    /* The byte before is looked at, too: it must not be overwritten yet. */
    if (*position == 0 || *position + LOG_SIZE <= kernel_log.written)
        *position = tail_locked(LOG_SIZE);
    if (!with_private)
        *position = skip_private(*position);
    while (count < size && *position < kernel_log.written) {
        char byte = byte_at(*position);
        bytes[count++] = is_level(*position) ? (char)(byte & ~MESSAGE_PRIVATE) : byte;
        ++*position;
        if (byte == '\n')
            break;
    }
    return count;
}

size_t log_read(uint64_t *position, char *bytes, size_t size, bool with_private)
{
    uint64_t flags = console_lock();
    size_t count = read_locked(position, bytes, size, with_private);

    console_unlock(flags);
    return count;
}
