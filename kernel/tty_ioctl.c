// SPDX-License-Identifier: MIT
/*
 * The terminal's ioctls: settings, window size, and job control, which is whose terminal it is.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/ioctls.h>
#include <linux/tty.h>

#include "arch/usercopy.h"
#include "kernel/group.h"
#include "kernel/signal.h"
#include "kernel/task.h"
#include "kernel/tty.h"

/* ---- Job control ---------------------------------------------------------------------------- */

void tty_start_session(int leader)
{
    terminal.session = leader;
    terminal.foreground = leader;
}

void tty_end_session(int leader)
{
    if (terminal.session != leader)
        return;
    if (terminal.foreground)
        signal_send_group(terminal.foreground, SIGHUP);
    terminal.session = 0;
    terminal.foreground = 0;
}

bool tty_is_controlling(void)
{
    return terminal.session && terminal.session == current_process()->sid;
}

static bool is_session_leader(void)
{
    return current_process()->pid == current_process()->sid;
}

void tty_opened(unsigned int flags)
{
    if (!(flags & O_NOCTTY) && !terminal.session && is_session_leader())
        tty_start_session(current_process()->pid);
}

static bool is_blocked_or_ignored(int signal)
{
    return (current()->signals.blocked & signal_bit(signal)) ||
           current_process()->actions->action[signal - 1].sa_handler == SIG_IGN;
}

int tty_check_background(int signal)
{
    if (!tty_is_controlling() || current_process()->pgid == terminal.foreground)
        return 0;
    if (is_blocked_or_ignored(signal))
        return signal == SIGTTIN ? -EIO : 0;
    if (group_is_orphaned())
        return -EIO;
    signal_send_group(current_process()->pgid, signal);
    return -ERESTARTSYS;
}

/* Whether a process of the caller's session is in the group: 0, -ESRCH or -EPERM. */
static int check_group(int group)
{
    const struct process *process;
    int error = -ESRCH;

    TAILQ_FOREACH (process, &all_processes, all_link) {
        if (process->pgid != group)
            continue;
        if (process->sid == current_process()->sid)
            return 0;
        error = -EPERM;
    }
    return error;
}

static long get_int(uintptr_t argument, int *value)
{
    return copy_from_user(value, argument, sizeof(*value)) ? -EFAULT : 0;
}

static long put_int(uintptr_t argument, int value)
{
    return copy_to_user(argument, &value, sizeof(value)) ? -EFAULT : 0;
}

static long set_foreground(uintptr_t argument)
{
    int group;
    long error = tty_check_background(SIGTTOU);

    if (error)
        return error;
    if (!tty_is_controlling())
        return -ENOTTY;
    error = get_int(argument, &group);
    if (error)
        return error;
    if (group < 0)
        return -EINVAL;
    error = check_group(group);
    if (!error)
        terminal.foreground = group;
    return error;
}

static long take_session(void)
{
    if (is_session_leader() && tty_is_controlling())
        return 0;
    if (!is_session_leader() || terminal.session)
        return -EPERM;
    tty_start_session(current_process()->pid);
    return 0;
}

static long leave_session(void)
{
    if (!tty_is_controlling())
        return -ENOTTY;
    if (is_session_leader())
        tty_end_session(current_process()->sid);
    return 0;
}

/* ---- Settings ------------------------------------------------------------------------------- */

static long get_termios(uintptr_t argument)
{
    struct termios termios = terminal.line.termios;

    return copy_to_user(argument, &termios, sizeof(termios)) ? -EFAULT : 0;
}

static void flush_input(void)
{
    uint64_t flags = spin_lock_irqsave(&terminal.lock);

    line_flush(&terminal.line);
    spin_unlock_irqrestore(&terminal.lock, flags);
}

static long set_termios(unsigned int request, uintptr_t argument)
{
    struct termios termios;
    uint64_t flags;
    long error = tty_check_background(SIGTTOU);

    if (error)
        return error;
    if (copy_from_user(&termios, argument, sizeof(termios)))
        return -EFAULT;
    if (request == TCSETSF)
        flush_input();
    flags = spin_lock_irqsave(&terminal.lock);
    line_set_termios(&terminal.line, &termios);
    if (!(termios.c_iflag & IXON))
        line_start(&terminal.line);
    spin_unlock_irqrestore(&terminal.lock, flags);
    /* Those who wait may see their conditions hold under the new settings. */
    wake_all(&terminal.readers);
    wake_all(&terminal.writers);
    return 0;
}

static long set_size(uintptr_t argument)
{
    struct winsize size;

    if (copy_from_user(&size, argument, sizeof(size)))
        return -EFAULT;
    tty_set_size(size.ws_row, size.ws_col);
    terminal.size = size;
    return 0;
}

static long get_size(uintptr_t argument)
{
    struct winsize size = terminal.size;

    return copy_to_user(argument, &size, sizeof(size)) ? -EFAULT : 0;
}

/* Asks the other side to stop or to go on sending. */
static long send_special(unsigned int index)
{
    char byte = terminal.line.termios.c_cc[index];

    return byte ? terminal.backend->write(&byte, 1, true) : 0;
}

/* TCXONC: stops and starts output, and input. */
static long control_flow(uintptr_t action)
{
    long error = tty_check_background(SIGTTOU);

    if (error)
        return error;
    if (action > TCION)
        return -EINVAL;
    if (action == TCIOFF || action == TCION)
        return send_special(action == TCIOFF ? VSTOP : VSTART);
    if (action == TCOOFF)
        line_hold(&terminal.line);
    if (action == TCOON) {
        line_release(&terminal.line);
        wake_all(&terminal.writers);
    }
    return 0;
}

static long flush(uintptr_t queue)
{
    long error = tty_check_background(SIGTTOU);

    if (error)
        return error;
    if (queue > TCIOFLUSH)
        return -EINVAL;
    if (queue != TCOFLUSH)
        flush_input();
    return 0;
}

long tty_ioctl(unsigned int request, uintptr_t argument)
{
    if (!terminal.backend)
        return -EIO;
    switch (request) {
    case TCGETS:
        return get_termios(argument);
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
        return set_termios(request, argument);
    case TIOCGWINSZ:
        return get_size(argument);
    case TIOCSWINSZ:
        return set_size(argument);
    case TIOCGPGRP:
        return tty_is_controlling() ? put_int(argument, terminal.foreground) : -ENOTTY;
    case TIOCSPGRP:
        return set_foreground(argument);
    case TIOCGSID:
        return tty_is_controlling() ? put_int(argument, terminal.session) : -ENOTTY;
    case TIOCSCTTY:
        return take_session();
    case TIOCNOTTY:
        return leave_session();
    case FIONREAD:
        return put_int(argument, line_count(&terminal.line));
    case TIOCGETD:
        return put_int(argument, N_TTY);
    case TIOCOUTQ:
        return put_int(argument, 0);
    case TCFLSH:
        return flush(argument);
    case TCXONC:
        return control_flow(argument);
    case TCSBRK: /* drain, and send a break unless the argument is not 0: there is none to send */
    case TCSBRKP:
        return 0;
    default:
        return -ENOTTY;
    }
}
