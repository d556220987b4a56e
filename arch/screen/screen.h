// SPDX-License-Identifier: MIT
/*
 * Text on a screen: lines of characters, kept in ordinary memory and only ever written to the
 * device, since a read of a screen's memory is slow on a board and slower in an emulator.
 *
 * It knows newline, carriage return, backspace and tab, scrolls, and leaves out the escape
 * sequences that a terminal would act on. The caller keeps writers apart.
 *
 * The room owns the two kinds of screen and the font. It leaves what is shown to kernel/console/,
 * which reaches it by events, and knows no keyboard.
 */
#ifndef ARCH_SCREEN_SCREEN_H
#define ARCH_SCREEN_SCREEN_H

#include <stddef.h>

/* A larger screen is used in part, from its upper left corner on. */
#define SCREEN_COLUMNS_MAX 240
#define SCREEN_LINES_MAX   68

/* What shows the characters: blank until the first of them is drawn. */
struct screen_device {
    unsigned int columns, lines;
    unsigned int scroll_step; /* how many lines go up at once when the last one is full */

    /* Shows count characters from a place on, all in one line. */
    void (*draw)(unsigned int line, unsigned int column, const char *characters,
                 unsigned int count);

    /* Puts the cursor at a place, which may be behind the last column; NULL: it has none. */
    void (*move_cursor)(unsigned int line, unsigned int column);
};

/* From here on the device shows what is written; NULL: nothing does. */
void screen_init(const struct screen_device *device);

/* Writes bytes; nothing happens before screen_init(). Never waits. */
void screen_write(const char *bytes, size_t count);

#endif
