// SPDX-License-Identifier: MIT
/*
 * The line discipline.
 */
#include "kernel/line_discipline.h"

#include <asm/signal.h>

#include "libc/include/string.h"

#define TAB_WIDTH     8
#define DELETE        0x7f
#define DISABLED_CHAR 0 /* a special character of this value does not exist */

_Static_assert(DISABLED_CHAR == 0, "an end of file in the input is a NUL that ends a line");

static bool has_input_flag(const struct line_discipline *line, tcflag_t flag)
{
    return line->termios.c_iflag & flag;
}

static bool has_output_flag(const struct line_discipline *line, tcflag_t flag)
{
    return line->termios.c_oflag & flag;
}

static bool has_local_flag(const struct line_discipline *line, tcflag_t flag)
{
    return line->termios.c_lflag & flag;
}

/* Whether the byte is not the first of a character in UTF-8. */
static bool is_continuation(const struct line_discipline *line, uint8_t byte)
{
    return has_input_flag(line, IUTF8) && (byte & 0xc0) == 0x80;
}

static bool is_special(const struct line_discipline *line, uint8_t byte, unsigned int index)
{
    return byte != DISABLED_CHAR && byte == line->termios.c_cc[index];
}

void line_init(struct line_discipline *line, const struct line_hooks *hooks)
{
    static const cc_t special[NCCS] = {
        [VINTR] = 'C' - '@',    [VQUIT] = '\\' - '@',   [VERASE] = DELETE,
        [VKILL] = 'U' - '@',    [VEOF] = 'D' - '@',     [VMIN] = 1,
        [VSTART] = 'Q' - '@',   [VSTOP] = 'S' - '@',    [VSUSP] = 'Z' - '@',
        [VREPRINT] = 'R' - '@', [VDISCARD] = 'O' - '@', [VWERASE] = 'W' - '@',
        [VLNEXT] = 'V' - '@',
    };

    *line = (struct line_discipline){.hooks = hooks};
    line->termios.c_iflag = ICRNL | IXON;
    line->termios.c_oflag = OPOST | ONLCR;
    line->termios.c_cflag = B38400 | CS8 | CREAD | HUPCL;
    line->termios.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
    memcpy(line->termios.c_cc, special, sizeof(special));
}

/* ---- The ring ------------------------------------------------------------------------------- */

static char byte_at(const struct line_discipline *line, uint32_t position)
{
    return line->input[position % LINE_INPUT_SIZE];
}

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

/* ---- Output and echo ------------------------------------------------------------------------ */

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
        line->column += TAB_WIDTH - line->column % TAB_WIDTH;
        break;
    case '\b':
        if (line->column)
            line->column--;
        break;
    default:
        /* Of a character in UTF-8 only the first byte moves the cursor. */
        if (byte >= ' ' && byte != DELETE &&
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
        while (++line->column % TAB_WIDTH);
        return count;
    }
    track_column(line, byte);
    out[0] = byte;
    return 1;
}

static void echo_raw(struct line_discipline *line, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char out[LINE_OUTPUT_EXPANSION];
        size_t length = line_output(line, bytes[i], out);

        line->hooks->echo(line, out, length);
    }
}

static bool shows_caret(const struct line_discipline *line, uint8_t byte)
{
    bool is_control = (byte < ' ' && byte != '\t') || byte == DELETE;

    return is_control && has_local_flag(line, ECHOCTL);
}

static void echo(struct line_discipline *line, uint8_t byte)
{
    char caret[2] = {'^', byte ^ 0x40};

    if (!has_local_flag(line, ECHO))
        return;
    if (shows_caret(line, byte))
        echo_raw(line, caret, sizeof(caret));
    else
        echo_raw(line, (char *)&byte, 1);
}

static void echo_newline(struct line_discipline *line)
{
    if (has_local_flag(line, ECHO | ECHONL))
        echo_raw(line, "\n", 1);
}

/* ---- Editing -------------------------------------------------------------------------------- */

/* Columns that the byte takes on the screen when the cursor stands in this one. */
static unsigned int width_at(const struct line_discipline *line, uint8_t byte, unsigned int column)
{
    if (byte == '\t')
        return TAB_WIDTH - column % TAB_WIDTH;
    if (byte < ' ' || byte == DELETE)
        return shows_caret(line, byte) ? 2 : 0;
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
            echo_raw(line, byte == '\t' ? "\b" : "\b \b", byte == '\t' ? 1 : 3);
    return byte;
}

/* The last character, on VERASE: without ECHOE that is all the screen shows of it. */
static void erase_last(struct line_discipline *line)
{
    tcflag_t flags = line->termios.c_lflag;

    if (!can_erase(line))
        return;
    if (!(flags & ECHOE))
        line->termios.c_lflag &= ~ECHO;
    erase_character(line);
    line->termios.c_lflag = flags;
    if (!(flags & ECHOE))
        echo(line, line->termios.c_cc[VERASE]);
}

/* As Linux's isalnum(), which takes bytes beyond ASCII as Latin-1; so letters in UTF-8 count. */
static bool is_word_byte(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z') || byte == '_' ||
           (byte >= 0xc0 && byte != 0xd7 && byte != 0xf7);
}

static void erase_word(struct line_discipline *line)
{
    bool seen_word = false;

    while (can_erase(line) && !(seen_word && !is_word_byte(last_character(line))))
        seen_word |= is_word_byte(erase_character(line));
}

static void erase_line(struct line_discipline *line)
{
    tcflag_t visibly = ECHOK | ECHOKE | ECHOE;

    if (line->head == line->committed)
        return;
    if (has_local_flag(line, ECHO) && (line->termios.c_lflag & visibly) != visibly) {
        line->head = line->committed;
        echo(line, line->termios.c_cc[VKILL]);
        if (has_local_flag(line, ECHOK))
            echo_raw(line, "\n", 1);
        return;
    }
    while (can_erase(line))
        erase_character(line);
}

static void show_line_again(struct line_discipline *line)
{
    echo(line, line->termios.c_cc[VREPRINT]);
    echo_raw(line, "\n", 1);
    line->start_column = line->column;
    for (uint32_t i = line->committed; i != line->head; i++)
        echo(line, byte_at(line, i));
}

/* ---- Input ---------------------------------------------------------------------------------- */

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
        line->is_stopped = false;
        return true;
    }
    if (has_input_flag(line, IXANY))
        line->is_stopped = false;
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
    line->is_stopped = false;
    if (!has_local_flag(line, NOFLSH))
        line_flush(line);
    echo(line, byte);
    line->hooks->signal(line, signal);
    return true;
}

/* Erase, word erase, kill, reprint, literal next. Whether it was one of them. */
static bool input_editing(struct line_discipline *line, uint8_t byte)
{
    bool has_extensions = has_local_flag(line, IEXTEN);

    if (is_special(line, byte, VERASE)) {
        erase_last(line);
    } else if (is_special(line, byte, VKILL)) {
        erase_line(line);
    } else if (has_extensions && is_special(line, byte, VWERASE)) {
        erase_word(line);
    } else if (has_extensions && has_local_flag(line, ECHO) && is_special(line, byte, VREPRINT)) {
        show_line_again(line);
    } else if (has_extensions && is_special(line, byte, VLNEXT)) {
        line->takes_literally = true;
        if (has_local_flag(line, ECHO) && has_local_flag(line, ECHOCTL))
            echo_raw(line, "^\b", 2);
    } else {
        return false;
    }
    return true;
}

/* The ends of lines. Whether it was one. */
static bool input_line_end(struct line_discipline *line, uint8_t byte)
{
    if (byte == '\n') {
        echo_newline(line);
        commit(line, '\n');
    } else if (is_special(line, byte, VEOF)) {
        commit(line, '\0');
    } else if (is_special(line, byte, VEOL) ||
               (has_local_flag(line, IEXTEN) && is_special(line, byte, VEOL2))) {
        echo(line, byte);
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
        echo(line, byte);
}

/* A return becomes a newline that also looks like one, in raw mode too; a newline would be ^J. */
static void input_return(struct line_discipline *line)
{
    if (has_local_flag(line, ICANON))
        input_line_end(line, '\n');
    else if (store(line, '\n') && has_local_flag(line, ECHO))
        echo_raw(line, "\n", 1);
}

void line_input(struct line_discipline *line, uint8_t byte)
{
    if (has_input_flag(line, ISTRIP))
        byte &= 0x7f;
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

/* ---- Reading -------------------------------------------------------------------------------- */

uint32_t line_readable(const struct line_discipline *line)
{
    return line->committed - line->tail;
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

void line_set_termios(struct line_discipline *line, const struct termios *termios)
{
    line->termios = *termios;
    line->takes_literally = false;
    /* In raw mode there is no line being edited: what has been typed of one can be read. */
    if (!has_local_flag(line, ICANON))
        line->committed = line->head;
}
