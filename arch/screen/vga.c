// SPDX-License-Identifier: MIT
/*
 * A cell is 16 bits: the character, then its colours (IBM VGA technical reference, "Alphanumeric
 * modes"). The cursor's place is in registers 0x0e and 0x0f of the CRT controller.
 */
#include "arch/screen/vga.h"

#include <stdint.h>

#include "arch/cpu/io.h"

#define COLUMNS 80
#define LINES   25

#define CELL(character) (0x0700u | (uint8_t)(character)) /* light grey on black */

#define CRTC_INDEX  0x3d4
#define CRTC_DATA   0x3d5
#define CURSOR_HIGH 0x0e
#define CURSOR_LOW  0x0f

static volatile uint16_t *cells;

static void draw(unsigned int line, unsigned int column, const char *characters, unsigned int count)
{
    for (unsigned int i = 0; i < count; i++)
        cells[line * COLUMNS + column + i] = CELL(characters[i]);
}

static void move_cursor(unsigned int line, unsigned int column)
{
    unsigned int place = line * COLUMNS + column;

    outb(CRTC_INDEX, CURSOR_HIGH);
    outb(CRTC_DATA, place >> 8);
    outb(CRTC_INDEX, CURSOR_LOW);
    outb(CRTC_DATA, place & 0xff);
}

static const struct screen_device device = {COLUMNS, LINES, 1, draw, move_cursor};

const struct screen_device *vga_open(void *memory)
{
    cells = memory;
    for (unsigned int i = 0; i < LINES * COLUMNS; i++)
        cells[i] = CELL(' ');
    move_cursor(0, 0);
    return &device;
}

void vga_remap(void *memory)
{
    cells = memory;
}
