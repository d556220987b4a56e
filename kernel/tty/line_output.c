// SPDX-License-Identifier: MIT
/*
 * The line discipline's output: carriage returns, tabs, and the echo of what is typed.
 */
#include "kernel/tty/line_internal.h"

#include "libc/include/string.h"

static void track_column(struct line_discipline *line, uint8_t byte)
{
    switch (byte) {
    case '\n':
        if (has_output_flag(line, ONLRET))
            line->column = 0;
        break;
    case '\r':
        line->column = 0;
        break;
    case '\t':
        line->column += LINE_TAB_WIDTH - line->column % LINE_TAB_WIDTH;
        break;
    case '\b':
        if (line->column)
            line->column--;
        break;
    default:
        /* Of a character in UTF-8 only the first byte moves the cursor. */
        if (byte >= ' ' && byte != LINE_DELETE &&
            !(has_input_flag(line, IUTF8) && (byte & 0xc0) == 0x80))
            line->column++;
        break;
    }
}

size_t line_output(struct line_discipline *line, char byte, char *out)
{
    size_t count = 0;

    if (!has_output_flag(line, OPOST)) {
        out[0] = byte;
        return 1;
    }
    if (byte == '\n' && has_output_flag(line, ONLCR)) {
        line->column = 0;
        memcpy(out, "\r\n", 2);
        return 2;
    }
    if (byte == '\r' && has_output_flag(line, ONOCR) && line->column == 0)
        return 0;
    if (byte == '\r' && has_output_flag(line, OCRNL))
        byte = '\n';
    if (byte == '\t' && (line->termios.c_oflag & TABDLY) == XTABS) {
        do
            out[count++] = ' ';
        while (++line->column % LINE_TAB_WIDTH);
        return count;
    }
    if (has_output_flag(line, OLCUC) && byte >= 'a' && byte <= 'z')
        byte += 'A' - 'a';
    track_column(line, byte);
    out[0] = byte;
    return 1;
}

void line_echo_raw(struct line_discipline *line, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (line->echo_count <= LINE_ECHO_SIZE - LINE_OUTPUT_EXPANSION)
            line->echo_count += line_output(line, bytes[i], line->echo + line->echo_count);
}

unsigned int line_take_echo(struct line_discipline *line)
{
    unsigned int count = line->is_stopped ? 0 : line->echo_count;

    line->echo_count -= count;
    return count;
}

bool line_shows_caret(const struct line_discipline *line, uint8_t byte)
{
    bool is_control = (byte < ' ' && byte != '\t') || byte == LINE_DELETE;

    return is_control && has_local_flag(line, ECHOCTL);
}

void line_echo(struct line_discipline *line, uint8_t byte)
{
    char caret[2] = {'^', byte ^ 0x40};

    if (!has_local_flag(line, ECHO))
        return;
    if (line_shows_caret(line, byte))
        line_echo_raw(line, caret, sizeof(caret));
    else
        line_echo_raw(line, (char *)&byte, 1);
}

void line_echo_newline(struct line_discipline *line)
{
    if (has_local_flag(line, ECHO | ECHONL))
        line_echo_raw(line, "\n", 1);
}
