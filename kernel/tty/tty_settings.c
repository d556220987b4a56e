// SPDX-License-Identifier: MIT
/*
 * A terminal's settings, as programs get and set them in three layouts: System V's termio, termios,
 * and termios2, which has speeds in numbers.
 */
#include <asm/errno.h>
#include <asm/ioctls.h>

#include "arch/cpu/types.h"
#include "arch/mmu/usercopy.h"
#include "kernel/file/file.h"
#include "kernel/tty/tty.h"
#include "libc/include/string.h"

/* The latter two are what the kernel's own structure begins with. */
_Static_assert(offsetof(struct ktermios, c_cc) == offsetof(struct termios, c_cc), "a prefix");
_Static_assert(sizeof(struct ktermios) == sizeof(struct termios2), "the same");

/* ---- speeds ---- */

/* By a number of the c_cflag's bits, CBAUDEX counting 15: <asm/termbits.h>. */
static speed_t speed_of(tcflag_t bits, speed_t other)
{
    static const speed_t speeds[] = {
        0,       50,      75,      110,     134,     150,     200,     300,
        600,     1200,    1800,    2400,    4800,    9600,    19200,   38400,
        57600,   115200,  230400,  460800,  500000,  576000,  921600,  1000000,
        1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000,
    };
    unsigned int index = bits & CBAUDEX ? (bits & ~CBAUDEX) + 15 : bits;

    if (bits == BOTHER)
        return other;
    return index < array_size(speeds) ? speeds[index] : 0;
}

/* Input has the speed of output unless it says otherwise. */
static void set_speeds(struct ktermios *settings)
{
    tcflag_t input = settings->c_cflag >> IBSHIFT & CBAUD;

    settings->c_ospeed = speed_of(settings->c_cflag & CBAUD, settings->c_ospeed);
    settings->c_ispeed = input ? speed_of(input, settings->c_ispeed) : settings->c_ospeed;
}

/* ---- layouts ---- */

static size_t size_of_layout(unsigned int request)
{
    switch (request) {
    case TCGETA:
    case TCSETA:
    case TCSETAW:
    case TCSETAF:
        return sizeof(struct termio);
    case TCGETS:
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
        return sizeof(struct termios);
    default:
        return sizeof(struct termios2);
    }
}

static struct termio to_termio(const struct ktermios *settings)
{
    struct termio old = {
        .c_iflag = settings->c_iflag,
        .c_oflag = settings->c_oflag,
        .c_cflag = settings->c_cflag,
        .c_lflag = settings->c_lflag,
        .c_line = settings->c_line,
    };

    memcpy(old.c_cc, settings->c_cc, sizeof(old.c_cc));
    return old;
}

/* Flags beyond 16 bits stay as they are. */
static void from_termio(const struct termio *old, struct ktermios *settings)
{
    settings->c_iflag = (settings->c_iflag & ~UINT16_MAX) | old->c_iflag;
    settings->c_oflag = (settings->c_oflag & ~UINT16_MAX) | old->c_oflag;
    settings->c_cflag = (settings->c_cflag & ~UINT16_MAX) | old->c_cflag;
    settings->c_lflag = (settings->c_lflag & ~UINT16_MAX) | old->c_lflag;
    settings->c_line = old->c_line;
    memcpy(settings->c_cc, old->c_cc, sizeof(old->c_cc));
}

long tty_get_settings(const struct tty *tty, unsigned int request, uintptr_t argument)
{
    struct ktermios settings = tty->line.termios;
    struct termio old = to_termio(&settings);
    const void *source = request == TCGETA ? (const void *)&old : &settings;

    return copy_to_user(argument, source, size_of_layout(request)) ? -EFAULT : 0;
}

static long read_settings(unsigned int request, uintptr_t argument, struct ktermios *settings)
{
    size_t size = size_of_layout(request);
    struct termio old;
    void *destination = size == sizeof(old) ? (void *)&old : settings;

    if (copy_from_user(destination, argument, size))
        return -EFAULT;
    if (size == sizeof(old))
        from_termio(&old, settings);
    set_speeds(settings);
    return 0;
}

/* ---- setting ---- */

/* Whether what is typed stops and starts output by the usual characters. */
static bool has_usual_flow_control(const struct ktermios *settings)
{
    return (settings->c_iflag & IXON) && settings->c_cc[VSTOP] == 'S' - '@' &&
           settings->c_cc[VSTART] == 'Q' - '@';
}

static void apply(struct tty *tty, const struct ktermios *settings)
{
    bool had_flow_control = has_usual_flow_control(&tty->line.termios);
    uint64_t flags = spin_lock_irqsave(&tty->lock);

    line_set_termios(&tty->line, settings);
    if (!(settings->c_iflag & IXON))
        line_start(&tty->line);
    spin_unlock_irqrestore(&tty->lock, flags);
    if (has_usual_flow_control(settings) != had_flow_control)
        tty_tell_master(tty, had_flow_control ? TIOCPKT_NOSTOP : TIOCPKT_DOSTOP);
    /* Those who wait may see their conditions hold under the new settings. */
    file_wake(&tty->readers);
    tty_restart_output(tty);
}

long tty_set_settings(struct tty *tty, unsigned int request, uintptr_t argument)
{
    struct ktermios settings = tty->line.termios;
    long error = tty_check_background(tty, SIGTTOU);

    if (!error)
        error = read_settings(request, argument, &settings);
    if (error)
        return error;
    if (tty->link) /* bytes between programs are whole */
        settings.c_cflag = (settings.c_cflag & ~(CSIZE | PARENB)) | CS8 | CREAD;
    if (request == TCSETAF || request == TCSETSF || request == TCSETSF2)
        tty_flush_input(tty);
    apply(tty, &settings);
    return 0;
}
