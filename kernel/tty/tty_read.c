// SPDX-License-Identifier: MIT
/*
 * Reading from terminals, by the rules of the mode: a line at a time, or by VMIN and VTIME.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/ioctls.h>

#include "arch/device/clock.h"
#include "kernel/tty/tty.h"

#define READ_PIECE 256
#define DECISECOND 100000000ul /* the unit of VTIME, in nanoseconds */

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

uint32_t tty_wanted_by_poll(const struct tty *tty)
{
    const cc_t *special = tty->line.termios.c_cc;

    return is_canonical(tty) || special[VTIME] || !special[VMIN] ? 1 : special[VMIN];
}
