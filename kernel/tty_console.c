// SPDX-License-Identifier: MIT
/*
 * The console's terminal, over its serial line. No device interrupts are used: a board may lack the
 * PIC that would carry them. It is polled on the timer's tick and while idle.
 */
#include "kernel/console.h"
#include "kernel/poller.h"
#include "kernel/tty.h"

struct tty console_tty = {.major = MAJOR_TERMINAL, .minor = MINOR_CONSOLE};

static void echo(struct tty *tty, const char *bytes, size_t count)
{
    (void)tty;
    console_write_raw(bytes, count);
}

static int write(struct tty *tty, const char *bytes, size_t count, bool may_wait)
{
    (void)tty, (void)may_wait; /* the console's waits are short */
    console_write_raw(bytes, count);
    return 0;
}

/* One byte at a time is taken from the UART, so that none is lost when there is no room. */
static bool poll_console(void)
{
    bool found = false;
    char byte;

    while (line_has_room(&console_tty.line) && console_read(&byte, 1)) {
        tty_input(&console_tty, &byte, 1);
        found = true;
    }
    return found;
}

void tty_init_console(void)
{
    static const struct tty_backend backend = {.echo = echo, .write = write};

    tty_init(&console_tty, &backend);
    poll_register(poll_console);
}
