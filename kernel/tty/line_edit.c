// SPDX-License-Identifier: MIT
/*
 * The line discipline's editing: takes characters back, from the line and from the screen.
 */
#include "kernel/tty/line_internal.h"

/* Columns that the byte takes on the screen when the cursor stands in this one. */
static unsigned int width_at(const struct line_discipline *line, uint8_t byte, unsigned int column)
{
    if (byte == '\t')
        return LINE_TAB_WIDTH - column % LINE_TAB_WIDTH;
    if (byte < ' ' || byte == LINE_DELETE)
        return line_shows_caret(line, byte) ? 2 : 0;
    return is_continuation(line, byte) ? 0 : 1;
}

static unsigned int column_of_head(const struct line_discipline *line)
{
    unsigned int column = line->start_column;

    for (uint32_t i = line->committed; i != line->head; i++)
        column += width_at(line, byte_at(line, i), column);
    return column;
}

/* The first byte of the last character of the line. */
static uint8_t last_character(const struct line_discipline *line)
{
    uint32_t position = line->head - 1;

    while (is_continuation(line, byte_at(line, position)) && position != line->committed)
        position--;
    return byte_at(line, position);
}

/* Whether the line ends with a character; bytes that are a part of one are not taken back. */
static bool can_erase(const struct line_discipline *line)
{
    return line->head != line->committed && !is_continuation(line, last_character(line));
}

/*
 * Takes the last character back, with all its bytes, from the line and from the screen. Returns its
 * first byte.
 */
static uint8_t erase_character(struct line_discipline *line)
{
    unsigned int columns = column_of_head(line);
    uint8_t byte;

    do
        byte = byte_at(line, --line->head);
    while (is_continuation(line, byte));
    if (has_local_flag(line, ECHO))
        for (columns -= column_of_head(line); columns; columns--)
            line_echo_raw(line, byte == '\t' ? "\b" : "\b \b", byte == '\t' ? 1 : 3);
    return byte;
}

/* The last character, on VERASE: without ECHOE that is all the screen shows of it. */
void line_erase_last(struct line_discipline *line)
{
    tcflag_t flags = line->termios.c_lflag;

    if (!can_erase(line))
        return;
    if (!(flags & ECHOE))
        line->termios.c_lflag &= ~ECHO;
    erase_character(line);
    line->termios.c_lflag = flags;
    if (!(flags & ECHOE))
        line_echo(line, line->termios.c_cc[VERASE]);
}

/* As Linux's isalnum(), which takes bytes beyond ASCII as Latin-1; so letters in UTF-8 count. */
static bool is_word_byte(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z') || byte == '_' ||
           (byte >= 0xc0 && byte != 0xd7 && byte != 0xf7);
}

void line_erase_word(struct line_discipline *line)
{
    bool seen_word = false;

    while (can_erase(line) && !(seen_word && !is_word_byte(last_character(line))))
        seen_word |= is_word_byte(erase_character(line));
}

void line_erase_all(struct line_discipline *line)
{
    tcflag_t visibly = ECHOK | ECHOKE | ECHOE;

    if (line->head == line->committed)
        return;
    if (has_local_flag(line, ECHO) && (line->termios.c_lflag & visibly) != visibly) {
        line->head = line->committed;
        line_echo(line, line->termios.c_cc[VKILL]);
        if (has_local_flag(line, ECHOK))
            line_echo_raw(line, "\n", 1);
        return;
    }
    while (can_erase(line))
        erase_character(line);
}

void line_reprint(struct line_discipline *line)
{
    line_echo(line, line->termios.c_cc[VREPRINT]);
    line_echo_raw(line, "\n", 1);
    line->start_column = line->column;
    for (uint32_t i = line->committed; i != line->head; i++)
        line_echo(line, byte_at(line, i));
}
