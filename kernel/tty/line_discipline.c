// SPDX-License-Identifier: MIT
/*
 * The line discipline: input as it is typed, and as it is read.
 */
#include "kernel/tty/line_discipline.h"

#include <asm/signal.h>

#include "kernel/tty/line_internal.h"
#include "libc/include/string.h"

#define DISABLED_CHAR 0 /* a special character of this value does not exist */

_Static_assert(DISABLED_CHAR == 0, "an end of file in the input is a NUL that ends a line");

static bool is_special(const struct line_discipline *line, uint8_t byte, unsigned int index)
{
    return byte != DISABLED_CHAR && byte == line->termios.c_cc[index];
}

void line_init(struct line_discipline *line, line_signal_t signal)
{
    static const cc_t special[NCCS] = {
        [VINTR] = 'C' - '@',    [VQUIT] = '\\' - '@',   [VERASE] = LINE_DELETE,
        [VKILL] = 'U' - '@',    [VEOF] = 'D' - '@',     [VMIN] = 1,
        [VSTART] = 'Q' - '@',   [VSTOP] = 'S' - '@',    [VSUSP] = 'Z' - '@',
        [VREPRINT] = 'R' - '@', [VDISCARD] = 'O' - '@', [VWERASE] = 'W' - '@',
        [VLNEXT] = 'V' - '@',
    };

    *line = (struct line_discipline){.signal = signal};
    line->termios.c_iflag = ICRNL | IXON;
    line->termios.c_oflag = OPOST | ONLCR;
    line->termios.c_cflag = B38400 | CS8 | CREAD | HUPCL;
    line->termios.c_ispeed = line->termios.c_ospeed = 38400;
    line->termios.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
    memcpy(line->termios.c_cc, special, sizeof(special));
}

/* ---- the ring ---- */

static bool is_end(const struct line_discipline *line, uint32_t position)
{
    unsigned int index = position % LINE_INPUT_SIZE;

    return line->ends[index / 64] >> (index % 64) & 1;
}

static void set_end(struct line_discipline *line, uint32_t position, bool is_line_end)
{
    unsigned int index = position % LINE_INPUT_SIZE;
    uint64_t bit = 1ul << (index % 64);

    line->ends[index / 64] &= ~bit;
    if (is_line_end)
        line->ends[index / 64] |= bit;
}

static uint32_t used(const struct line_discipline *line)
{
    return line->head - line->tail;
}

/* With ICANON the last byte of room is for the end of a line. */
static bool put(struct line_discipline *line, uint8_t byte)
{
    uint32_t room = LINE_INPUT_SIZE - (has_local_flag(line, ICANON) ? 1 : 0);

    if (used(line) >= room)
        return false;
    set_end(line, line->head, false);
    line->input[line->head++ % LINE_INPUT_SIZE] = byte;
    if (!has_local_flag(line, ICANON))
        line->committed = line->head;
    return true;
}

/* Ends the line being edited with this byte. */
static void commit(struct line_discipline *line, uint8_t byte)
{
    line->input[line->head % LINE_INPUT_SIZE] = byte;
    set_end(line, line->head, true);
    line->head++;
    line->committed = line->head;
}

void line_flush(struct line_discipline *line)
{
    line->tail = line->committed = line->head;
}

bool line_has_room(const struct line_discipline *line)
{
    if (used(line) < LINE_INPUT_SIZE - 1)
        return true;
    /* A line that has become too long loses what comes, but its end and ^C still count. */
    return has_local_flag(line, ICANON) && line->committed == line->tail;
}

/* ---- input ---- */

void line_hold(struct line_discipline *line)
{
    line->is_held = line->is_stopped = true;
}

void line_release(struct line_discipline *line)
{
    if (line->is_held)
        line->is_held = line->is_stopped = false;
}

void line_start(struct line_discipline *line)
{
    if (!line->is_held)
        line->is_stopped = false;
}

/* Start and stop. Whether that was all. */
static bool input_flow_control(struct line_discipline *line, uint8_t byte)
{
    if (!has_input_flag(line, IXON))
        return false;
    if (is_special(line, byte, VSTOP)) {
        line->is_stopped = true;
        return true;
    }
    if (is_special(line, byte, VSTART)) {
        line_start(line);
        return true;
    }
    if (has_input_flag(line, IXANY))
        line_start(line);
    return false;
}

/* Interrupt, quit and suspend. Whether it was one of them. */
static bool input_signal(struct line_discipline *line, uint8_t byte)
{
    int signal;

    if (!has_local_flag(line, ISIG))
        return false;
    if (is_special(line, byte, VINTR))
        signal = SIGINT;
    else if (is_special(line, byte, VQUIT))
        signal = SIGQUIT;
    else if (is_special(line, byte, VSUSP))
        signal = SIGTSTP;
    else
        return false;
    if (has_input_flag(line, IXON))
        line_start(line);
    if (!has_local_flag(line, NOFLSH)) {
        line_flush(line);
        line->echo_count = 0;
    }
    line_echo(line, byte);
    line->signal(line, signal);
    return true;
}

/* Erase, word erase, kill, reprint, literal next. Whether it was one of them. */
static bool input_editing(struct line_discipline *line, uint8_t byte)
{
    bool has_extensions = has_local_flag(line, IEXTEN);

    if (is_special(line, byte, VERASE)) {
        line_erase_last(line);
    } else if (is_special(line, byte, VKILL)) {
        line_erase_all(line);
    } else if (has_extensions && is_special(line, byte, VWERASE)) {
        line_erase_word(line);
    } else if (has_extensions && has_local_flag(line, ECHO) && is_special(line, byte, VREPRINT)) {
        line_reprint(line);
    } else if (has_extensions && is_special(line, byte, VLNEXT)) {
        line->takes_literally = true;
        if (has_local_flag(line, ECHO) && has_local_flag(line, ECHOCTL))
            line_echo_raw(line, "^\b", 2);
    } else {
        return false;
    }
    return true;
}

/* The ends of lines. Whether it was one. */
static bool input_line_end(struct line_discipline *line, uint8_t byte)
{
    if (byte == '\n') {
        line_echo_newline(line);
        commit(line, '\n');
    } else if (is_special(line, byte, VEOF)) {
        commit(line, '\0');
    } else if (is_special(line, byte, VEOL) ||
               (has_local_flag(line, IEXTEN) && is_special(line, byte, VEOL2))) {
        line_echo(line, byte);
        commit(line, byte);
    } else {
        return false;
    }
    return true;
}

static bool store(struct line_discipline *line, uint8_t byte)
{
    if (line->head == line->committed)
        line->start_column = line->column;
    return put(line, byte);
}

static void input_plain(struct line_discipline *line, uint8_t byte)
{
    if (store(line, byte))
        line_echo(line, byte);
}

/* A return becomes a newline that also looks like one, in raw mode too; a newline would be ^J. */
static void input_return(struct line_discipline *line)
{
    if (has_local_flag(line, ICANON))
        input_line_end(line, '\n');
    else if (store(line, '\n') && has_local_flag(line, ECHO))
        line_echo_raw(line, "\n", 1);
}

void line_input(struct line_discipline *line, uint8_t byte)
{
    if (has_input_flag(line, ISTRIP))
        byte &= 0x7f;
    if (has_input_flag(line, IUCLC) && has_local_flag(line, IEXTEN) && byte >= 'A' && byte <= 'Z')
        byte += 'a' - 'A';
    if (line->takes_literally) {
        line->takes_literally = false;
        input_plain(line, byte);
        return;
    }
    if (input_flow_control(line, byte) || input_signal(line, byte))
        return;
    if (byte == '\r' && has_input_flag(line, IGNCR))
        return;
    if (byte == '\r' && has_input_flag(line, ICRNL)) {
        input_return(line);
        return;
    }
    if (byte == '\n' && has_input_flag(line, INLCR))
        byte = '\r';
    if (has_local_flag(line, ICANON) && (input_editing(line, byte) || input_line_end(line, byte)))
        return;
    input_plain(line, byte);
}

/* ---- reading ---- */

uint32_t line_readable(const struct line_discipline *line)
{
    return line->committed - line->tail;
}

uint32_t line_count(const struct line_discipline *line)
{
    uint32_t count = line_readable(line);

    if (!has_local_flag(line, ICANON))
        return count;
    for (uint32_t position = line->tail; position != line->committed; position++)
        if (is_end(line, position) && byte_at(line, position) == DISABLED_CHAR)
            count--;
    return count;
}

size_t line_read(struct line_discipline *line, char *buffer, size_t size, bool *line_ended)
{
    size_t count = 0;

    *line_ended = false;
    while (line->tail != line->committed && !*line_ended) {
        char byte = byte_at(line, line->tail);
        bool ends_line = has_local_flag(line, ICANON) && is_end(line, line->tail);
        bool is_end_of_file = ends_line && byte == '\0';

        if (count == size && !is_end_of_file)
            break;
        line->tail++;
        if (!is_end_of_file)
            buffer[count++] = byte;
        *line_ended = ends_line;
    }
    return count;
}

void line_set_termios(struct line_discipline *line, const struct ktermios *termios)
{
    if ((line->termios.c_lflag ^ termios->c_lflag) & ICANON)
        line->takes_literally = false;
    line->termios = *termios;
    /* In raw mode there is no line being edited: what has been typed of one can be read. */
    if (!has_local_flag(line, ICANON))
        line->committed = line->head;
}
