// SPDX-License-Identifier: MIT
/*
 * The ioctls of terminals: window size, flow control, and which of the others does what. What a
 * pseudo-terminal's master is asked about settings, size and session is about its slave.
 */
#include <asm/errno.h>
#include <asm/ioctls.h>
#include <linux/tty.h>

#include "arch/mmu/usercopy.h"
#include "kernel/file/file.h"
#include "kernel/task/task.h"
#include "kernel/tty/tty.h"

/* ---- size and flow ---- */

static long set_size(struct tty *tty, uintptr_t argument)
{
    struct winsize size;

    if (copy_from_user(&size, argument, sizeof(size)))
        return -EFAULT;
    tty_set_size(tty, &size);
    return 0;
}

static long get_size(const struct tty *tty, uintptr_t argument)
{
    struct winsize size = tty->size;

    return copy_to_user(argument, &size, sizeof(size)) ? -EFAULT : 0;
}

void tty_flush_input(struct tty *tty)
{
    uint64_t flags = spin_lock_irqsave(&tty->lock);

    line_flush(&tty->line);
    spin_unlock_irqrestore(&tty->lock, flags);
    if (tty->backend->discard)
        tty->backend->discard(tty);
    tty_tell_master(tty, TIOCPKT_FLUSHREAD);
}

/* Asks the other side to stop or to go on sending. */
static long send_special(struct tty *tty, unsigned int index)
{
    char byte = tty->line.termios.c_cc[index];

    return byte ? tty->backend->write(tty, &byte, 1, true) : 0;
}

static void hold_output(struct tty *tty)
{
    if (!tty->line.is_stopped)
        tty_tell_master(tty, TIOCPKT_STOP);
    line_hold(&tty->line);
}

static void release_output(struct tty *tty)
{
    bool was_stopped = tty->line.is_stopped;

    line_release(&tty->line);
    if (was_stopped && !tty->line.is_stopped)
        tty_tell_master(tty, TIOCPKT_START);
    tty_restart_output(tty);
}

/* TCXONC: stops and starts output, and input. */
static long control_flow(struct tty *tty, uintptr_t action)
{
    long error = tty_check_background(tty, SIGTTOU);

    if (error)
        return error;
    if (action > TCION)
        return -EINVAL;
    if (action == TCIOFF || action == TCION)
        return send_special(tty, action == TCIOFF ? VSTOP : VSTART);
    if (action == TCOOFF)
        hold_output(tty);
    else
        release_output(tty);
    return 0;
}

/* What has been written is with the other end already. */
static long flush(struct tty *tty, uintptr_t queue)
{
    long error = tty_check_background(tty, SIGTTOU);

    if (error)
        return error;
    if (queue > TCIOFLUSH)
        return -EINVAL;
    if (queue != TCOFLUSH)
        tty_flush_input(tty);
    if (queue != TCIFLUSH)
        tty_tell_master(tty, TIOCPKT_FLUSHWRITE);
    return 0;
}

/* ---- requests ---- */

/* Of a terminal that is not the caller's nobody learns the session, but from the master. */
static bool may_ask_session(const struct tty *tty)
{
    return tty->is_master || terminal_of(current_process())->tty == tty;
}

/* About settings, size and session: real is the terminal, or of a master, the slave. */
static long control_real(struct tty *tty, struct tty *real, unsigned int request,
                         uintptr_t argument, unsigned int flags)
{
    switch (request) {
    case TCGETA:
    case TCGETS:
    case TCGETS2:
        return tty_get_settings(real, request, argument);
    case TCSETA:
    case TCSETAW:
    case TCSETAF:
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
    case TCSETS2:
    case TCSETSW2:
    case TCSETSF2:
        return tty_set_settings(real, request, argument);
    case TIOCGWINSZ:
        return get_size(real, argument);
    case TIOCSWINSZ:
        return set_size(real, argument);
    case TIOCGPGRP:
        return may_ask_session(tty) ? put_user_int(argument, real->foreground) : -ENOTTY;
    case TIOCGSID:
        return may_ask_session(tty) && real->session ? put_user_int(argument, real->session)
                                                     : -ENOTTY;
    case TIOCSPGRP:
        return tty_set_foreground(real, argument);
    case TIOCSCTTY:
        return tty_take_session(real, argument, flags);
    default:
        return tty->backend->ioctl ? tty->backend->ioctl(tty, request, argument) : -ENOTTY;
    }
}

long tty_ioctl(struct tty *tty, unsigned int request, uintptr_t argument, unsigned int flags)
{
    if (tty->is_hung_up)
        return request == TIOCSPGRP ? -ENOTTY : -EIO;
    switch (request) {
    case TIOCNOTTY:
        return tty_leave_session(tty);
    case FIONREAD:
        return put_user_int(argument, line_count(&tty->line));
    case TIOCGETD:
        return put_user_int(argument, N_TTY);
    case TIOCEXCL:
    case TIOCNXCL:
        tty->is_exclusive = request == TIOCEXCL;
        return 0;
    case TIOCGEXCL:
        return put_user_int(argument, tty->is_exclusive);
    case TIOCGPTPEER: /* of masters alone, which answer it elsewhere (fs/device/devpts.c) */
        return -EIO;
    case TIOCOUTQ:
        return put_user_int(argument, 0);
    case TCFLSH:
        return flush(tty, argument);
    case TCXONC:
        return control_flow(tty, argument);
    case TCSBRK: /* drain, and send a break unless the argument is not 0: there is none to send */
    case TCSBRKP:
        return tty_check_background(tty, SIGTTOU);
    default:
        return control_real(tty, tty->is_master ? tty->link : tty, request, argument, flags);
    }
}
