// SPDX-License-Identifier: MIT
/*
 * The line discipline where no shell looks: upper and lower case, what counts as input, and who may
 * start output that another has stopped. Linux's pseudo-terminals do the same.
 */
#include "kernel/tty/line_discipline.h"

#include <asm/poll.h>

#include "kernel/tty/tty.h"
#include "libc/include/string.h"
#include "tests/kernel/ktest.h"

#define CONTROL(letter) ((letter) - '@')

static void signal_nobody(struct line_discipline *line, int signal)
{
    (void)line, (void)signal;
}

static void start(struct line_discipline *line)
{
    line_init(line, signal_nobody);
}

static void type(struct line_discipline *line, const char *keys)
{
    for (; *keys; keys++)
        line_input(line, (uint8_t)*keys);
}

static void expect_line(struct line_discipline *line, const char *expected)
{
    char text[32] = "";
    bool line_ended;

    EXPECT_EQUAL(line_read(line, text, sizeof(text) - 1, &line_ended), strlen(expected));
    EXPECT(!strcmp(expected, text));
}

KTEST(line_changes_case)
{
    struct line_discipline line;
    char out[LINE_OUTPUT_EXPANSION];

    start(&line);
    line.termios.c_iflag |= IUCLC;
    type(&line, "aBz[\n");
    expect_line(&line, "abz[\n");
    line.termios.c_lflag &= ~IEXTEN;
    type(&line, "aBz[\n");
    expect_line(&line, "aBz[\n");
    line.termios.c_oflag |= OLCUC;
    EXPECT_EQUAL(line_output(&line, 'q', out), 1);
    EXPECT_EQUAL(out[0], 'Q');
    line.termios.c_oflag &= ~OPOST;
    EXPECT_EQUAL(line_output(&line, 'q', out), 1);
    EXPECT_EQUAL(out[0], 'q');
}

/* An end of file can be read, as nothing, and is no byte. */
KTEST(line_counts_bytes)
{
    static const char keys[] = {'a', 'b', '\n', CONTROL('D'), 'c', CONTROL('D'), 'd', '\0'};
    struct line_discipline line;

    start(&line);
    type(&line, keys);
    EXPECT_EQUAL(line_readable(&line), 6);
    EXPECT_EQUAL(line_count(&line), 4);
    line.termios.c_lflag &= ~ICANON;
    EXPECT_EQUAL(line_count(&line), 6);
}

KTEST(line_stops_and_starts)
{
    static const char stop[] = {CONTROL('S'), '\0'}, go[] = {CONTROL('Q'), '\0'};
    static const char interrupt[] = {CONTROL('C'), '\0'};
    struct line_discipline line;

    start(&line);
    type(&line, stop);
    EXPECT(line.is_stopped);
    line_release(&line); /* TCOON, which starts what TCOOFF stopped */
    EXPECT(line.is_stopped);
    type(&line, go);
    EXPECT(!line.is_stopped);
    line_hold(&line);
    type(&line, go);
    type(&line, interrupt);
    EXPECT(line.is_stopped);
    line_release(&line);
    EXPECT(!line.is_stopped);
    type(&line, stop);
    type(&line, interrupt);
    EXPECT(!line.is_stopped);
    type(&line, stop);
    line.termios.c_iflag &= ~IXON;
    type(&line, interrupt);
    EXPECT(line.is_stopped);
}

/* In raw mode the terminal is readable when a read of VMIN bytes would not wait. */
KTEST(tty_is_readable_from_vmin_on)
{
    static const struct tty_backend backend;
    static struct tty tty;

    tty_init(&tty, &backend);
    start(&tty.line);
    tty.line.termios.c_lflag &= ~ICANON;
    tty.line.termios.c_cc[VMIN] = 2;
    type(&tty.line, "x");
    EXPECT(!(tty_poll(&tty) & POLLIN));
    tty.line.termios.c_cc[VTIME] = 1;
    EXPECT(tty_poll(&tty) & POLLIN);
    tty.line.termios.c_cc[VTIME] = 0;
    type(&tty.line, "y");
    EXPECT(tty_poll(&tty) & POLLIN);
}
