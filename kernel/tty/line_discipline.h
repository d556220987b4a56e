// SPDX-License-Identifier: MIT
/*
 * The line discipline: what a terminal does between the keys and the program.
 *
 * Input bytes are edited into lines (ICANON) or passed on, echoed, and some of them send
 * signals; output bytes get their carriage returns. As termios(3) and Linux have it. It owns the
 * input that waits to be read, knows no device and takes no lock: kernel/tty/tty.c does.
 */
#ifndef KERNEL_TTY_LINE_DISCIPLINE_H
#define KERNEL_TTY_LINE_DISCIPLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asm/termbits.h>

#define LINE_INPUT_SIZE 4096 /* bytes that wait to be read, at most; also the longest line */

/* What one byte of output can become: a tab, eight spaces. */
#define LINE_OUTPUT_EXPANSION 8

/* Bytes of echo that wait to be shown, at most; what is more is lost. */
#define LINE_ECHO_SIZE 1024

struct line_discipline;

/* Sends a signal to the foreground process group. */
typedef void (*line_signal_t)(struct line_discipline *line, int signal);

/*
 * Input is a ring; the counters grow for ever and are taken modulo its size.
 *
 *   tail ......... committed ......... head
 *    | may be read  | being edited      | free
 *
 * ends has a bit for the last byte of each committed line; a NUL with that bit is an end of file
 * and not part of the line.
 */
struct line_discipline {
    struct ktermios termios;
    line_signal_t signal;
    uint32_t tail, committed, head;
    char input[LINE_INPUT_SIZE];
    uint64_t ends[LINE_INPUT_SIZE / 64];
    unsigned int column;       /* where the cursor stands */
    unsigned int start_column; /* where it stood when the line at hand began */
    char echo[LINE_ECHO_SIZE]; /* not shown yet: whoever calls line_input() does, see
                                  line_take_echo() */
    unsigned int echo_count;
    bool takes_literally; /* the next byte has no special meaning (VLNEXT) */
    bool is_stopped;      /* output waits: VSTOP was typed, or the program asked for it */
    bool is_held;         /* the program asked, and so only it starts output again */
};

/* Linux's default settings, and no input. */
void line_init(struct line_discipline *line, line_signal_t signal);

/* Whether line_input() may be called now; if not, the sender has to wait for a reader. */
bool line_has_room(const struct line_discipline *line);

/* A byte from the keyboard. */
void line_input(struct line_discipline *line, uint8_t byte);

/* How many bytes of line->echo are to be shown now, which are forgotten: none while output waits.
 */
unsigned int line_take_echo(struct line_discipline *line);

/*
 * Bytes that can be read now. With ICANON an end of file counts too: 1 may mean a read of 0 bytes.
 */
uint32_t line_readable(const struct line_discipline *line);

/* The same without ends of file, as FIONREAD tells it. */
uint32_t line_count(const struct line_discipline *line);

/*
 * Takes what can be read, at most size bytes and, with ICANON, at most one line. *line_ended: its
 * end was reached.
 */
size_t line_read(struct line_discipline *line, char *buffer, size_t size, bool *line_ended);

/*
 * Prepares one byte of output: writes what is to be sent to out, which has room for
 * LINE_OUTPUT_EXPANSION bytes, and returns how many that are.
 */
size_t line_output(struct line_discipline *line, char byte, char *out);

/*
 * Stop and start output: a program's TCOOFF and TCOON, and what is typed, which starts nothing that
 * a program has stopped.
 */
void line_hold(struct line_discipline *line);
void line_release(struct line_discipline *line);
void line_start(struct line_discipline *line);

/* Changes the settings. Input that waits stays readable. */
void line_set_termios(struct line_discipline *line, const struct ktermios *termios);

/* Drops the input that has not been read. */
void line_flush(struct line_discipline *line);

#endif
