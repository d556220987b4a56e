// SPDX-License-Identifier: MIT
/* Rows of text for the reports. Nothing here takes memory or a lock of its own. */
#include "kernel/report/report_text.h"

#include <stdarg.h>
#include <stdbool.h>

#include "arch/cpu/types.h"
#include "kernel/console/console.h"
#include "libc/core/format.h"
#include "libc/include/string.h"

#define CONTENT_WIDTH (80 - 9)

void text_add(struct report_text *text, const char *format, ...)
{
    size_t room = sizeof(text->bytes) - text->used;
    va_list arguments;

    va_start(arguments, format);
    int count = vsnprintf(text->bytes + text->used, room, format, arguments);
    va_end(arguments);
    text->used += (size_t)count < room ? (size_t)count : room - 1;
}

void text_add_size(struct report_text *text, uint64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    unsigned int unit = 0;
    bool exact = true;

    /* From 10,000 of a unit on, the next one is good enough. */
    while (unit + 1 < array_size(units) && bytes && (bytes % 1024 == 0 || bytes >= 10000)) {
        exact &= bytes % 1024 == 0;
        bytes /= 1024;
        unit++;
    }
    text_add(text, "%s%lu %s", exact ? "" : "about ", bytes,
             bytes == 1 && unit == 0 ? "byte" : units[unit]);
}

/* How many bytes of text go on one line: up to the last space that fits. */
static size_t line_length(const char *text, size_t size)
{
    size_t length = CONTENT_WIDTH;

    if (size <= CONTENT_WIDTH)
        return size;
    while (length && text[length] != ' ')
        length--;
    return length ? length : CONTENT_WIDTH;
}

void report_line(const char *label, const struct report_text *text)
{
    kprintf_private(REPORT_LABEL "%s\n", label, text->bytes);
}

void report_sentence(const char *label, const struct report_text *text)
{
    const char *rest = text->bytes;
    size_t size = text->used;

    while (size) {
        size_t length = line_length(rest, size);

        kprintf_private(REPORT_LABEL "%.*s\n", label, (int)length, rest);
        label = "";
        if (length < size && rest[length] == ' ')
            length++;
        rest += length;
        size -= length;
    }
}
