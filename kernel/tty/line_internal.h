// SPDX-License-Identifier: MIT
/*
 * Between the files of the line discipline: line_discipline.c has the input, line_output.c what
 * goes to the screen, line_edit.c what takes it back.
 */
#ifndef KERNEL_TTY_LINE_INTERNAL_H
#define KERNEL_TTY_LINE_INTERNAL_H

#include "kernel/tty/line_discipline.h"

#define LINE_TAB_WIDTH 8
#define LINE_DELETE    0x7f

static inline bool has_input_flag(const struct line_discipline *line, tcflag_t flag)
{
    return line->termios.c_iflag & flag;
}

static inline bool has_output_flag(const struct line_discipline *line, tcflag_t flag)
{
    return line->termios.c_oflag & flag;
}

static inline bool has_local_flag(const struct line_discipline *line, tcflag_t flag)
{
    return line->termios.c_lflag & flag;
}

/* Whether the byte is not the first of a character in UTF-8. */
static inline bool is_continuation(const struct line_discipline *line, uint8_t byte)
{
    return has_input_flag(line, IUTF8) && (byte & 0xc0) == 0x80;
}

static inline char byte_at(const struct line_discipline *line, uint32_t position)
{
    return line->input[position % LINE_INPUT_SIZE];
}

/* Writes bytes to the screen as a program would; a byte as it was typed; the end of a line. */
void line_echo_raw(struct line_discipline *line, const char *bytes, size_t count);
void line_echo(struct line_discipline *line, uint8_t byte);
void line_echo_newline(struct line_discipline *line);

/* Whether the screen shows the byte as ^ and a letter. */
bool line_shows_caret(const struct line_discipline *line, uint8_t byte);

/* Editing the line at hand: the last character, the last word, all of it; and showing it anew. */
void line_erase_last(struct line_discipline *line);
void line_erase_word(struct line_discipline *line);
void line_erase_all(struct line_discipline *line);
void line_reprint(struct line_discipline *line);

#endif
