// SPDX-License-Identifier: MIT
/*
 * The log: the latest LOG_SIZE bytes of all messages, whatever the console shows of them, and the
 * level below which it shows them.
 */
#include "kernel/console/command_line.h"
#include "kernel/log/log.h"
#include "libc/core/parse.h"

#define LEVEL_DEFAULT_SHOWN 7

struct log kernel_log;

static unsigned int shown_below = LEVEL_DEFAULT_SHOWN;

void log_show_below(unsigned int level)
{
    shown_below = level > 0 ? level : 1;
}

static void read_command_line(enum console_map map)
{
    char value[COMMAND_LINE_VALUE_SIZE];
    uint64_t level;

    if (map == CONSOLE_MAP_EARLY && command_line_value("loglevel", value) &&
        !parse_u64(value, &level))
        log_show_below(level < LOG_LEVEL_COUNT ? (unsigned int)level : LOG_LEVEL_COUNT);
}

ATTACH(console_maps, read_command_line);

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

static int keep_message(unsigned int level, const char *bytes, size_t count)
{
    log_write(level, bytes, count);
    return (level & ~MESSAGE_PRIVATE) >= shown_below;
}

ATTACH(message_is_hidden, keep_message);

/* What was said so far, as far as its level lets it through. */
static void show_log(void (*write)(const char *bytes, size_t count))
{
    const struct log *log = &kernel_log;
    uint64_t at = 0;

    if (log->written > LOG_SIZE) /* the oldest line may have lost its beginning */
        for (at = log->written - LOG_SIZE; log->ring[at++ % LOG_SIZE] != '\n';)
            ;
    while (at < log->written) {
        unsigned int level =
            (unsigned int)(log->ring[(at + 1) % LOG_SIZE] & ~MESSAGE_PRIVATE) - '0';
        char byte = '\0';
        for (at += LOG_LEVEL_SIZE; at < log->written && byte != '\n'; at++) {
            byte = log->ring[at % LOG_SIZE];
            if (level < shown_below)
                write(&byte, 1);
        }
    }
}

ATTACH(console_opens_late, show_log);
