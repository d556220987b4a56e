// SPDX-License-Identifier: MIT
/*
 * The terminal: reading, writing, and input as it comes.
 *
 * No device interrupts are used: a board may lack the PIC that would carry them. Backends are
 * polled on the timer's tick and while idle.
 */
#include "kernel/tty.h"

#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/poll.h>

#include "arch/clock.h"
#include "kernel/console.h"
#include "kernel/file.h"
#include "kernel/poller.h"
#include "kernel/signal.h"
#include "kernel/task.h"

#define READ_PIECE  256
#define WRITE_PIECE (TTY_WRITE_MAX / LINE_OUTPUT_EXPANSION)
#define DECISECOND  100000000ul /* the unit of VTIME, in nanoseconds */

struct tty terminal = {
    .lock = SPINLOCK_INIT("terminal"),
    .readers = WAIT_QUEUE_INIT(terminal.readers),
    .writers = WAIT_QUEUE_INIT(terminal.writers),
};

static void echo(struct line_discipline *line, const char *bytes, size_t count)
{
    (void)line;
    terminal.backend->echo(bytes, count);
}

static void send_signal(struct line_discipline *line, int signal)
{
    (void)line;
    if (terminal.foreground)
        signal_send_group(terminal.foreground, signal);
}

void tty_init(const struct tty_backend *backend)
{
    static const struct line_hooks hooks = {.echo = echo, .signal = send_signal};

    line_init(&terminal.line, &hooks);
    terminal.backend = backend;
}

/* ---- On the console ------------------------------------------------------------------------- */

static void console_echo(const char *bytes, size_t count)
{
    console_write_raw(bytes, count);
}

static int console_backend_write(const char *bytes, size_t count, bool may_wait)
{
    (void)may_wait; /* the console's waits are short */
    console_write_raw(bytes, count);
    return 0;
}

/* One byte at a time is taken from the UART, so that none is lost when there is no room. */
static bool poll_console(void)
{
    bool found = false;
    char byte;

    while (line_has_room(&terminal.line) && console_read(&byte, 1)) {
        tty_input(&byte, 1);
        found = true;
    }
    return found;
}

void tty_init_console(void)
{
    static const struct tty_backend backend = {.echo = console_echo,
                                               .write = console_backend_write};

    tty_init(&backend);
    poll_register(poll_console);
}

/* ---- Input ---------------------------------------------------------------------------------- */

size_t tty_input(const char *bytes, size_t count)
{
    uint64_t flags = spin_lock_irqsave(&terminal.lock);
    bool was_stopped = terminal.line.is_stopped;
    size_t taken = 0;
    bool is_readable, goes_on;

    while (taken < count && line_has_room(&terminal.line))
        line_input(&terminal.line, bytes[taken++]);
    is_readable = line_readable(&terminal.line);
    goes_on = was_stopped && !terminal.line.is_stopped;
    spin_unlock_irqrestore(&terminal.lock, flags);
    if (is_readable)
        file_wake(&terminal.readers);
    if (goes_on)
        file_wake(&terminal.writers);
    return taken;
}

void tty_set_size(unsigned int rows, unsigned int columns)
{
    uint64_t flags = spin_lock_irqsave(&terminal.lock);
    bool changed = terminal.size.ws_row != rows || terminal.size.ws_col != columns;

    terminal.size.ws_row = rows;
    terminal.size.ws_col = columns;
    if (changed)
        send_signal(&terminal.line, SIGWINCH);
    spin_unlock_irqrestore(&terminal.lock, flags);
}

void tty_hang_up(void)
{
    terminal.is_hung_up = true;
    file_wake(&terminal.readers);
    file_wake(&terminal.writers);
}

/* ---- Reading -------------------------------------------------------------------------------- */

static bool is_canonical(void)
{
    return terminal.line.termios.c_lflag & ICANON;
}

/* context: how many bytes are wanted. */
static bool has_input(void *context)
{
    return terminal.is_hung_up || line_readable(&terminal.line) >= *(const uint32_t *)context;
}

/* Raw mode, VMIN and VTIME both set: the time limit starts anew with each byte. */
static int wait_between_bytes(uint32_t wanted, uint64_t limit)
{
    uint32_t one_more = 1;
    int error = wait_event(&terminal.readers, has_input, &one_more);

    while (!error && !has_input(&wanted)) {
        one_more = line_readable(&terminal.line) + 1;
        error =
            wait_event_until(&terminal.readers, has_input, &one_more, clock_monotonic_ns() + limit);
    }
    return error;
}

/* Waits until a read of this size has something, by the rules of the mode. */
static int wait_for_input(size_t size, unsigned int flags)
{
    const cc_t *special = terminal.line.termios.c_cc;
    uint64_t limit = is_canonical() ? 0 : special[VTIME] * DECISECOND;
    uint32_t wanted = is_canonical() ? 1 : special[VMIN];
    uint32_t one = 1;
    int error;

    if (wanted > size)
        wanted = size;
    /* Who waits neither for bytes nor for a time reads nothing, and that is no error. */
    if (flags & O_NONBLOCK)
        return has_input(&one) || (!wanted && !limit && !is_canonical()) ? 0 : -EAGAIN;
    if (wanted && limit)
        error = wait_between_bytes(wanted, limit);
    else if (wanted)
        error = wait_event(&terminal.readers, has_input, &wanted);
    else
        error = wait_event_until(&terminal.readers, has_input, &one, clock_monotonic_ns() + limit);
    return error == -ETIMEDOUT ? 0 : error;
}

/* Copies what can be read; *is_final: a line ended, so no more may follow. */
static long copy_input(struct io_iter *to, bool *is_final)
{
    char piece[READ_PIECE];
    long total = 0;
    size_t count;

    do {
        size_t size = to->remaining < sizeof(piece) ? to->remaining : sizeof(piece);
        uint64_t flags = spin_lock_irqsave(&terminal.lock);

        count = line_read(&terminal.line, piece, size, is_final);
        spin_unlock_irqrestore(&terminal.lock, flags);
        if (io_iter_put(to, piece, count) < count)
            return total ? total : -EFAULT;
        total += count;
    } while (count && !*is_final && to->remaining);
    return total;
}

long tty_read(struct io_iter *to, unsigned int flags)
{
    bool is_final = false;
    long total = 0;

    if (!terminal.backend)
        return -EIO;
    if (!to->remaining)
        return 0;
    while (!total && !is_final) {
        int error = tty_check_background(SIGTTIN);

        if (!error)
            error = wait_for_input(to->remaining, flags);
        if (error)
            return error;
        total = copy_input(to, &is_final);
        /* Without VMIN, and after a hang-up, a read may find nothing. */
        if (terminal.is_hung_up || (!is_canonical() && !terminal.line.termios.c_cc[VMIN]))
            break;
    }
    if (terminal.backend->resume)
        terminal.backend->resume();
    return total;
}

/* ---- Writing -------------------------------------------------------------------------------- */

static bool may_write(void *context)
{
    (void)context;
    return terminal.is_hung_up || !terminal.line.is_stopped;
}

static int wait_to_write(unsigned int flags)
{
    int error = 0;

    if (flags & O_NONBLOCK)
        return may_write(NULL) ? 0 : -EAGAIN;
    if (terminal.line.termios.c_lflag & TOSTOP)
        error = tty_check_background(SIGTTOU);
    if (!error)
        error = wait_event(&terminal.writers, may_write, NULL);
    return error;
}

/* Prepares the bytes for the terminal and hands them to the backend. */
static int write_piece(const char *bytes, size_t count, bool may_wait)
{
    char out[WRITE_PIECE * LINE_OUTPUT_EXPANSION];
    size_t length = 0;
    uint64_t flags = spin_lock_irqsave(&terminal.lock);

    for (size_t i = 0; i < count; i++)
        length += line_output(&terminal.line, bytes[i], out + length);
    spin_unlock_irqrestore(&terminal.lock, flags);
    return terminal.backend->write(out, length, may_wait);
}

long tty_write(struct io_iter *from, unsigned int flags)
{
    char piece[WRITE_PIECE];
    long total = 0;

    if (!terminal.backend)
        return -EIO;
    while (from->remaining) {
        int error = wait_to_write(flags);
        size_t count;

        if (!error && terminal.is_hung_up)
            error = -EIO;
        if (error)
            return total ? total : error;
        count = io_iter_take(from, piece, sizeof(piece));
        if (!count)
            return total ? total : -EFAULT;
        error = write_piece(piece, count, !(flags & O_NONBLOCK));
        if (error)
            return total ? total : error;
        total += count;
    }
    return total;
}

/* How many bytes make the terminal readable for poll(). */
static uint32_t wanted_by_poll(void)
{
    const cc_t *special = terminal.line.termios.c_cc;

    return is_canonical() || special[VTIME] || !special[VMIN] ? 1 : special[VMIN];
}

unsigned int tty_poll(void)
{
    uint32_t wanted = wanted_by_poll();
    unsigned int events = 0;

    if (has_input(&wanted))
        events |= POLLIN | POLLRDNORM;
    if (may_write(NULL))
        events |= POLLOUT | POLLWRNORM;
    if (terminal.is_hung_up)
        events |= POLLHUP;
    return events;
}
