// SPDX-License-Identifier: MIT
/*
 * The console's terminal, over its serial line, if no host has it by the channel. No device
 * interrupts are used: a board may lack the PIC that would carry them. It is polled on the timer's
 * tick and while idle.
 */
#include "kernel/channel/channel.h"
#include "kernel/console/console.h"
#include "kernel/start/events.h"
#include "kernel/task/poller.h"
#include "kernel/tty/tty.h"

struct tty console_tty = {.major = MAJOR_TERMINAL, .minor = MINOR_CONSOLE};

static void write_bytes(const char *bytes, size_t count)
{
    uint64_t flags = console_lock();

    uart_write(&console_uart, bytes, count);
    TELL(console_shows, bytes, count);
    console_unlock(flags);
}

static bool read_byte(char *byte)
{
    uint64_t flags = console_lock();
    bool is_read = uart_read(&console_uart, byte, 1);

    console_unlock(flags);
    return is_read;
}

static void echo(struct tty *tty, const char *bytes, size_t count)
{
    (void)tty;
    write_bytes(bytes, count);
}

static int write(struct tty *tty, const char *bytes, size_t count, bool may_wait)
{
    (void)tty, (void)may_wait; /* the console's waits are short */
    write_bytes(bytes, count);
    return 0;
}

static const struct tty_backend backend = {.echo = echo, .write = write};

/* One byte at a time is taken from the UART, so that none is lost when there is no room. */
static void poll_console(struct poller_turn *turn)
{
    char byte;

    if (console_tty.backend != &backend)
        return;
    while (line_has_room(&console_tty.line) && read_byte(&byte)) {
        tty_input(&console_tty, &byte, 1);
        turn->found = true;
    }
}

ATTACH(poller_turn, poll_console);

static void open_console(void)
{
    if (!channel_is_connected())
        tty_init(&console_tty, &backend);
}

ATTACH(boot_programs, open_console);
