// SPDX-License-Identifier: MIT
/*
 * Terminals: opening, reading, writing, and input as it comes.
 */
#include "kernel/tty.h"

#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/ioctls.h>
#include <asm/poll.h>

#include "arch/clock.h"
#include "arch/types.h"
#include "kernel/file.h"
#include "kernel/signal.h"
#include "kernel/task.h"
#include "libc/include/string.h"

#define READ_PIECE  256
#define WRITE_PIECE (TTY_WRITE_MAX / LINE_OUTPUT_EXPANSION)
#define DECISECOND  100000000ul /* the unit of VTIME, in nanoseconds */

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

/* ---- Opening and closing -------------------------------------------------------------------- */

int tty_open(struct tty *tty, unsigned int flags)
{
    int error = tty->backend->open ? tty->backend->open(tty) : 0;
    bool may_control = !(flags & O_NOCTTY) && (flags & O_ACCMODE) != O_WRONLY && !tty->is_master;

    if (!error && may_control && !tty->session && tty_is_led() && !current_process()->tty)
        tty_start_session(tty, current_process());
    return error;
}

void tty_close(struct tty *tty)
{
    if (tty->backend->close)
        tty->backend->close(tty);
}

/* ---- Input ---------------------------------------------------------------------------------- */

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

/* ---- Reading -------------------------------------------------------------------------------- */

static bool is_canonical(const struct tty *tty)
{
    return tty->line.termios.c_lflag & ICANON;
}

/* No more input will come before somebody opens the other end, if ever. */
static bool is_over(const struct tty *tty)
{
    return tty->is_hung_up || tty->is_peer_closed;
}

struct read_wait {
    const struct tty *tty;
    uint32_t wanted; /* bytes */
};

static bool has_input(void *context)
{
    const struct read_wait *wait = context;

    return is_over(wait->tty) || wait->tty->packet_status ||
           line_readable(&wait->tty->line) >= wait->wanted;
}

/* Raw mode, VMIN and VTIME both set: the time limit starts anew with each byte. */
static int wait_between_bytes(struct tty *tty, uint32_t wanted, uint64_t limit)
{
    struct read_wait all = {tty, wanted}, one_more = {tty, 1};
    int error = wait_event(&tty->readers, has_input, &one_more);

    while (!error && !has_input(&all)) {
        one_more.wanted = line_readable(&tty->line) + 1;
        error = wait_event_until(&tty->readers, has_input, &one_more, clock_monotonic_ns() + limit);
    }
    return error;
}

/* Waits until a read of this size has something, by the rules of the mode. */
static int wait_for_input(struct tty *tty, size_t size, unsigned int flags)
{
    const cc_t *special = tty->line.termios.c_cc;
    uint64_t limit = is_canonical(tty) ? 0 : special[VTIME] * DECISECOND;
    struct read_wait all = {tty, is_canonical(tty) ? 1 : special[VMIN]}, one = {tty, 1};
    int error;

    if (all.wanted > size)
        all.wanted = size;
    /* Who waits neither for bytes nor for a time reads nothing, and that is no error. */
    if (flags & O_NONBLOCK)
        return has_input(&one) || (!all.wanted && !limit && !is_canonical(tty)) ? 0 : -EAGAIN;
    if (all.wanted && limit)
        error = wait_between_bytes(tty, all.wanted, limit);
    else if (all.wanted)
        error = wait_event(&tty->readers, has_input, &all);
    else
        error = wait_event_until(&tty->readers, has_input, &one, clock_monotonic_ns() + limit);
    return error == -ETIMEDOUT ? 0 : error;
}

/* Copies what can be read; *is_final: a line ended, so no more may follow. */
static long copy_input(struct tty *tty, struct io_iter *to, bool *is_final)
{
    char piece[READ_PIECE];
    long total = 0;
    size_t count;

    do {
        size_t size = to->remaining < sizeof(piece) ? to->remaining : sizeof(piece);
        uint64_t flags = spin_lock_irqsave(&tty->lock);

        count = line_read(&tty->line, piece, size, is_final);
        spin_unlock_irqrestore(&tty->lock, flags);
        if (io_iter_put(to, piece, count) < count)
            return total ? total : -EFAULT;
        total += count;
    } while (count && !*is_final && to->remaining);
    return total;
}

/* With packets, a byte comes first: what has happened, and nothing else, or that input follows. */
static long copy_packet(struct tty *tty, struct io_iter *to, bool *is_final)
{
    uint8_t first = tty->packet_status;
    long count = 0;

    if (!first && !line_readable(&tty->line))
        return 0;
    tty->packet_status = 0;
    if (io_iter_put(to, &first, sizeof(first)) < sizeof(first))
        return -EFAULT;
    if (first == TIOCPKT_DATA)
        count = copy_input(tty, to, is_final);
    return count < 0 ? count : count + 1;
}

long tty_read(struct tty *tty, struct io_iter *to, unsigned int flags)
{
    bool is_final = false;
    long total = 0;

    if (!to->remaining)
        return 0;
    while (!total && !is_final) {
        int error = tty->is_hung_up ? 0 : tty_check_background(tty, SIGTTIN);

        if (!error)
            error = wait_for_input(tty, to->remaining, flags);
        if (error)
            return error;
        total = tty->has_packets ? copy_packet(tty, to, &is_final) : copy_input(tty, to, &is_final);
        if (!total && tty->is_peer_closed)
            return -EIO;
        /* Without VMIN, and after a hang-up, a read may find nothing. */
        if (tty->is_hung_up || (!is_canonical(tty) && !tty->line.termios.c_cc[VMIN]))
            break;
    }
    if (tty->backend->resume)
        tty->backend->resume(tty);
    return total;
}

/* ---- Writing -------------------------------------------------------------------------------- */

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

/* How many bytes make the terminal readable for poll(). */
static uint32_t wanted_by_poll(const struct tty *tty)
{
    const cc_t *special = tty->line.termios.c_cc;

    return is_canonical(tty) || special[VTIME] || !special[VMIN] ? 1 : special[VMIN];
}

unsigned int tty_poll(const struct tty *tty)
{
    unsigned int events = 0;

    if (tty->is_hung_up)
        return POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM | POLLERR | POLLHUP;
    if (tty->packet_status)
        events |= POLLPRI | POLLIN | POLLRDNORM;
    if (line_readable(&tty->line) >= wanted_by_poll(tty))
        events |= POLLIN | POLLRDNORM;
    if (room_of(tty))
        events |= POLLOUT | POLLWRNORM;
    if (tty->is_peer_closed)
        events |= POLLHUP;
    return events;
}
