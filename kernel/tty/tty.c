// SPDX-License-Identifier: MIT
/*
 * Terminals: opening, input as it comes, writing.
 */
#include "kernel/tty/tty.h"

#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/ioctls.h>
#include <asm/poll.h>
#include <linux/capability.h>

#include "arch/cpu/types.h"
#include "kernel/call/permission.h"
#include "kernel/file/file.h"
#include "kernel/signal/signal.h"
#include "kernel/task/task.h"
#include "kernel/user/credentials.h"
#include "libc/include/string.h"

#define WRITE_PIECE (TTY_WRITE_MAX / LINE_OUTPUT_EXPANSION)

static struct tty *tty_of(struct line_discipline *line)
{
    return container_of(line, struct tty, line);
}

static void send_signal(struct line_discipline *line, int signal)
{
    if (tty_of(line)->foreground)
        signal_send_group(tty_of(line)->foreground, signal);
}

void tty_init(struct tty *tty, const struct tty_backend *backend)
{
    tty->lock = (struct spinlock)SPINLOCK_INIT("terminal");
    wait_queue_init(&tty->readers);
    wait_queue_init(&tty->writers);
    line_init(&tty->line, send_signal);
    tty->backend = backend;
}

/* ---- opening and closing ---- */

int tty_open(struct tty *tty, unsigned int flags)
{
    bool may_control = !(flags & O_NOCTTY) && (flags & O_ACCMODE) != O_WRONLY && !tty->is_master;
    int error;

    if (tty->is_exclusive && !task_may(CAP_SYS_ADMIN))
        return -EBUSY;
    error = tty->backend->open ? tty->backend->open(tty) : 0;
    if (!error && may_control && !tty->session && tty_is_led() &&
        !terminal_of(current_process())->tty)
        tty_start_session(tty, current_process());
    return error;
}

void tty_close(struct tty *tty)
{
    if (tty->backend->close)
        tty->backend->close(tty);
}

/* ---- input ---- */

/* Shows the echo that waits, all that one piece of input has left of it at once. */
static void show_echo(struct tty *tty)
{
    unsigned int count = line_take_echo(&tty->line);

    if (count)
        tty->backend->echo(tty, tty->line.echo, count);
}

size_t tty_input(struct tty *tty, const char *bytes, size_t count)
{
    uint64_t flags = spin_lock_irqsave(&tty->lock);
    bool was_stopped = tty->line.is_stopped;
    size_t taken = 0;
    bool is_readable, is_stopped;

    while (taken < count && line_has_room(&tty->line)) {
        line_input(&tty->line, bytes[taken++]);
        if (tty->line.echo_count > LINE_ECHO_SIZE / 2)
            show_echo(tty);
    }
    show_echo(tty);
    is_readable = line_readable(&tty->line);
    is_stopped = tty->line.is_stopped;
    spin_unlock_irqrestore(&tty->lock, flags);
    if (is_readable)
        file_wake(&tty->readers);
    if (was_stopped && !is_stopped)
        file_wake(&tty->writers);
    if (was_stopped != is_stopped)
        tty_tell_master(tty, is_stopped ? TIOCPKT_STOP : TIOCPKT_START);
    return taken;
}

void tty_set_size(struct tty *tty, const struct winsize *size)
{
    uint64_t flags = spin_lock_irqsave(&tty->lock);
    bool changed = memcmp(&tty->size, size, sizeof(*size)) != 0;

    tty->size = *size;
    if (changed)
        send_signal(&tty->line, SIGWINCH);
    spin_unlock_irqrestore(&tty->lock, flags);
}

void tty_hang_up(struct tty *tty)
{
    tty->is_hung_up = true;
    file_wake(&tty->readers);
    file_wake(&tty->writers);
}

void tty_restart_output(struct tty *tty)
{
    uint64_t flags = spin_lock_irqsave(&tty->lock);

    show_echo(tty);
    spin_unlock_irqrestore(&tty->lock, flags);
    file_wake(&tty->writers);
}

void tty_tell_master(struct tty *tty, unsigned int status)
{
    static const uint8_t opposites[] = {TIOCPKT_STOP | TIOCPKT_START,
                                        TIOCPKT_NOSTOP | TIOCPKT_DOSTOP};
    struct tty *master = tty->link;

    if (!master || !master->has_packets)
        return;
    for (unsigned int i = 0; i < array_size(opposites); i++)
        if (status & opposites[i])
            master->packet_status &= ~opposites[i];
    master->packet_status |= status;
    file_wake(&master->readers);
}

/* ---- writing ---- */

/* What one byte may become. */
static size_t expansion(const struct tty *tty)
{
    return tty->line.termios.c_oflag & OPOST ? LINE_OUTPUT_EXPANSION : 1;
}

/* How many bytes may be written now, at least. */
static size_t room_of(const struct tty *tty)
{
    size_t room = tty->backend->room ? tty->backend->room(tty) : TTY_WRITE_MAX;

    return tty->line.is_stopped ? 0 : room / expansion(tty);
}

static bool may_write(void *context)
{
    const struct tty *tty = context;

    return tty->is_hung_up || room_of(tty);
}

static int wait_to_write(struct tty *tty, unsigned int flags)
{
    int error = 0;

    if (tty->line.termios.c_lflag & TOSTOP)
        error = tty_check_background(tty, SIGTTOU);
    if (!error && (flags & O_NONBLOCK) && !may_write(tty))
        error = -EAGAIN;
    return error ? error : wait_event(&tty->writers, may_write, tty);
}

/* Prepares the bytes for the terminal and hands them to the backend. */
static int write_piece(struct tty *tty, const char *bytes, size_t count, bool may_wait)
{
    char out[WRITE_PIECE * LINE_OUTPUT_EXPANSION];
    size_t length = 0;
    uint64_t flags = spin_lock_irqsave(&tty->lock);

    show_echo(tty);
    for (size_t i = 0; i < count; i++)
        length += line_output(&tty->line, bytes[i], out + length);
    spin_unlock_irqrestore(&tty->lock, flags);
    return tty->backend->write(tty, out, length, may_wait);
}

long tty_write(struct tty *tty, struct io_iter *from, unsigned int flags)
{
    char piece[WRITE_PIECE];
    long total = 0;

    while (from->remaining) {
        int error = tty->is_hung_up ? -EIO : wait_to_write(tty, flags);
        size_t count;

        if (!error && tty->is_hung_up)
            error = -EIO;
        if (error)
            return total ? total : error;
        count = room_of(tty);
        count = io_iter_take(from, piece, count < sizeof(piece) ? count : sizeof(piece));
        if (!count)
            return total ? total : -EFAULT;
        error = write_piece(tty, piece, count, !(flags & O_NONBLOCK));
        if (error)
            return total ? total : error;
        total += count;
    }
    return total;
}

unsigned int tty_poll(const struct tty *tty)
{
    unsigned int events = 0;

    if (tty->is_hung_up)
        return POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM | POLLERR | POLLHUP;
    if (tty->packet_status)
        events |= POLLPRI | POLLIN | POLLRDNORM;
    if (line_readable(&tty->line) >= tty_wanted_by_poll(tty))
        events |= POLLIN | POLLRDNORM;
    if (room_of(tty))
        events |= POLLOUT | POLLWRNORM;
    if (tty->is_peer_closed)
        events |= POLLHUP;
    return events;
}
