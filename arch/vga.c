// SPDX-License-Identifier: MIT
/*
 * The VGA text screen. The text is kept in ordinary memory and only ever written to the screen,
 * since a read of the screen's memory is slow on a board and slower in an emulator.
 *
 * A cell is 16 bits: the character, then its colours (IBM VGA technical reference, "Alphanumeric
 * modes"). The cursor's place is in registers 0x0e and 0x0f of the CRT controller.
 */
#include "arch/vga.h"

#include <stdbool.h>
#include <stdint.h>

#include "arch/io.h"

#define COLUMNS 80
#define LINES   25
#define TAB     8

#define CELL(character) (0x0700u | (uint8_t)(character)) /* light grey on black */

#define CRTC_INDEX  0x3d4
#define CRTC_DATA   0x3d5
#define CURSOR_HIGH 0x0e
#define CURSOR_LOW  0x0f

#define ESCAPE 0x1b

enum escape_state {
    ESCAPE_NONE,
    ESCAPE_SEEN,     /* after ESC */
    ESCAPE_SEQUENCE, /* after ESC [, until a byte from @ to ~ */
};

static volatile uint16_t *screen;
static uint16_t text[LINES][COLUMNS];
static unsigned int line, column;
static enum escape_state escape;

static void show_line(unsigned int number)
{
    for (unsigned int i = 0; i < COLUMNS; i++)
        screen[number * COLUMNS + i] = text[number][i];
}

static void blank_line(unsigned int number)
{
    for (unsigned int i = 0; i < COLUMNS; i++)
        text[number][i] = CELL(' ');
}

static void show_all(void)
{
    for (unsigned int i = 0; i < LINES; i++)
        show_line(i);
}

static void show_cursor(void)
{
    unsigned int place = line * COLUMNS + column;

    outb(CRTC_INDEX, CURSOR_HIGH);
    outb(CRTC_DATA, place >> 8);
    outb(CRTC_INDEX, CURSOR_LOW);
    outb(CRTC_DATA, place & 0xff);
}

static void new_line(void)
{
    column = 0;
    if (line < LINES - 1) {
        line++;
        return;
    }
    for (unsigned int i = 0; i < LINES - 1; i++)
        for (unsigned int j = 0; j < COLUMNS; j++)
            text[i][j] = text[i + 1][j];
    blank_line(LINES - 1);
    show_all();
}

static void put_character(uint8_t character)
{
    if (column == COLUMNS)
        new_line();
    text[line][column] = CELL(character);
    screen[line * COLUMNS + column] = CELL(character);
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
            put_character(byte);
        break;
    }
}

void vga_init(void *memory)
{
    screen = memory;
    line = column = 0;
    for (unsigned int i = 0; i < LINES; i++)
        blank_line(i);
    show_all();
    show_cursor();
}

void vga_remap(void *memory)
{
    screen = memory;
}

void vga_write(const char *bytes, size_t count)
{
    if (!screen)
        return;
    for (size_t i = 0; i < count; i++)
        put_byte(bytes[i]);
    show_cursor();
}
