// SPDX-License-Identifier: MIT
#include "arch/screen/screen.h"

#include <stdbool.h>
#include <stdint.h>

#include "libc/include/string.h"

#define TAB    8
#define ESCAPE 0x1b

enum escape_state {
    ESCAPE_NONE,
    ESCAPE_SEEN,     /* after ESC */
    ESCAPE_SEQUENCE, /* after ESC [, until a byte from @ to ~ */
};

static const struct screen_device *screen;
static char text[SCREEN_LINES_MAX][SCREEN_COLUMNS_MAX];
static char shown[SCREEN_LINES_MAX][SCREEN_COLUMNS_MAX]; /* what the device shows of it */
static unsigned int first_changed, end_changed;          /* lines that may differ from shown */
static unsigned int line, column;
static enum escape_state escape;

/* ---- from the text to the device ---- */

/* Shows what differs in a line, from the first such character to the last. */
static void show_line(unsigned int number)
{
    unsigned int start = 0, end = screen->columns;

    while (start < end && text[number][start] == shown[number][start])
        start++;
    while (end > start && text[number][end - 1] == shown[number][end - 1])
        end--;
    if (start == end)
        return;
    screen->draw(number, start, &text[number][start], end - start);
    memcpy(&shown[number][start], &text[number][start], end - start);
}

static void show_changes(void)
{
    for (unsigned int i = first_changed; i < end_changed; i++)
        show_line(i);
    first_changed = screen->lines;
    end_changed = 0;
    if (screen->move_cursor)
        screen->move_cursor(line, column);
}

static void note_change(unsigned int from, unsigned int end)
{
    if (from < first_changed)
        first_changed = from;
    if (end > end_changed)
        end_changed = end;
}

/* ---- from bytes to the text ---- */

static void scroll(void)
{
    unsigned int step = screen->scroll_step, kept = screen->lines - step;

    memmove(text[0], text[step], kept * sizeof(text[0]));
    memset(text[kept], ' ', step * sizeof(text[0]));
    note_change(0, screen->lines);
    line -= step;
}

static void new_line(void)
{
    column = 0;
    line++;
    if (line == screen->lines)
        scroll();
}

static void put_character(char character)
{
    if (column == screen->columns)
        new_line();
    text[line][column] = character;
    note_change(line, line + 1);
    column++;
}

/* Whether the byte belongs to an escape sequence. */
static bool swallow_escape(uint8_t byte)
{
    switch (escape) {
    case ESCAPE_NONE:
        if (byte != ESCAPE)
            return false;
        escape = ESCAPE_SEEN;
        return true;
    case ESCAPE_SEEN:
        escape = byte == '[' ? ESCAPE_SEQUENCE : ESCAPE_NONE;
        return true;
    case ESCAPE_SEQUENCE:
        if (byte >= '@' && byte <= '~')
            escape = ESCAPE_NONE;
        return true;
    }
    return false;
}

static void put_byte(uint8_t byte)
{
    if (swallow_escape(byte))
        return;
    switch (byte) {
    case '\n':
        new_line();
        break;
    case '\r':
        column = 0;
        break;
    case '\b':
        if (column)
            column--;
        break;
    case '\t':
        do
            put_character(' ');
        while (column % TAB);
        break;
    default:
        if (byte >= ' ')
            put_character((char)byte);
        break;
    }
}

void screen_init(const struct screen_device *device)
{
    memset(text, ' ', sizeof(text));
    memset(shown, ' ', sizeof(shown));
    line = column = 0;
    first_changed = end_changed = 0;
    escape = ESCAPE_NONE;
    screen = device;
}

void screen_write(const char *bytes, size_t count)
{
    if (!screen)
        return;
    for (size_t i = 0; i < count; i++)
        put_byte((uint8_t)bytes[i]);
    show_changes();
}
