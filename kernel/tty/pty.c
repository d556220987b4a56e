// SPDX-License-Identifier: MIT
#include "kernel/tty/pty.h"

#include <asm/errno.h>
#include <asm/ioctls.h>

#include "arch/cpu/types.h"
#include "arch/mmu/usercopy.h"
#include "kernel/file/file.h"
#include "kernel/signal/signal.h"
#include "mm/page/slab.h"

#define QUEUE_SIZE 8192 /* a power of two; as much as Linux keeps */

struct pty_end {
    struct tty tty;
    /* What the other end has sent and the line discipline has no room for yet. */
    uint32_t head, tail; /* grow for ever, taken modulo the size */
    char queue[QUEUE_SIZE];
};

struct pty {
    struct pty_end master, slave;
    unsigned int slave_files; /* open ones */
    bool is_locked;           /* the slave cannot be opened */
    bool is_over;             /* the master has been closed */
};

/* By number. */
static struct pty *ptys[PTY_MAX];

static struct pty_end *end_of(const struct tty *tty)
{
    return container_of((struct tty *)(uintptr_t)tty, struct pty_end, tty);
}

static struct pty *pty_of(struct tty *tty)
{
    struct tty *master = tty->is_master ? tty : tty->link;

    return container_of(end_of(master), struct pty, master);
}

/* ---- bytes from one end to the other ---- */

static size_t queue_room(const struct pty_end *end)
{
    return QUEUE_SIZE - (end->head - end->tail);
}

/* Gives the end what it has room for. */
static void deliver(struct pty_end *end)
{
    size_t taken;

    do {
        size_t waiting = end->head - end->tail, rest = QUEUE_SIZE - end->tail % QUEUE_SIZE;

        taken = tty_input(&end->tty, &end->queue[end->tail % QUEUE_SIZE],
                          waiting < rest ? waiting : rest);
        end->tail += taken;
    } while (taken);
}

static void send(struct tty *tty, const char *bytes, size_t count)
{
    struct pty_end *to = end_of(tty->link);

    for (size_t i = 0; i < count && queue_room(to); i++)
        to->queue[to->head++ % QUEUE_SIZE] = bytes[i];
    deliver(to);
}

static int write(struct tty *tty, const char *bytes, size_t count, bool may_wait)
{
    (void)may_wait; /* who writes has asked for room */
    send(tty, bytes, count);
    return 0;
}

static size_t room(const struct tty *tty)
{
    return queue_room(end_of(tty->link));
}

static void resume(struct tty *tty)
{
    deliver(end_of(tty));
    file_wake(&tty->link->writers);
}

static void discard(struct tty *tty)
{
    end_of(tty)->tail = end_of(tty)->head;
    file_wake(&tty->link->writers);
}

/* ---- opening and closing ---- */

static void free_unused(struct pty *pty)
{
    if (!pty->is_over || pty->slave_files)
        return;
    ptys[pty->master.tty.minor] = NULL;
    kfree(pty);
}

static int open_slave(struct tty *tty)
{
    struct pty *pty = pty_of(tty);

    if (pty->is_over || pty->is_locked)
        return -EIO;
    pty->slave_files++;
    tty->link->is_peer_closed = false;
    return 0;
}

static void close_slave(struct tty *tty)
{
    struct pty *pty = pty_of(tty);

    if (--pty->slave_files == 0) {
        tty->link->is_peer_closed = true;
        tty->link->has_packets = false;
        file_wake(&tty->link->readers);
    }
    free_unused(pty);
}

static void close_master(struct tty *tty)
{
    struct pty *pty = pty_of(tty);

    pty->is_over = true;
    tty_revoke(tty->link);
    line_flush(&tty->link->line);
    tty_hang_up(tty->link);
    free_unused(pty);
}

/* ---- requests to the master ---- */

static long set_lock(struct pty *pty, uintptr_t argument)
{
    int value, error = get_user_int(&value, argument);

    if (!error)
        pty->is_locked = value;
    return error;
}

static long set_packets(struct tty *master, uintptr_t argument)
{
    int value, error = get_user_int(&value, argument);

    if (error)
        return error;
    if (value && !master->has_packets)
        master->packet_status = 0;
    master->has_packets = value;
    return 0;
}

static long send_signal(const struct tty *slave, uintptr_t signal)
{
    if (signal != SIGINT && signal != SIGQUIT && signal != SIGTSTP)
        return -EINVAL;
    if (slave->foreground)
        signal_send_group(slave->foreground, (int)signal);
    return 0;
}

static long control_master(struct tty *tty, unsigned int request, uintptr_t argument)
{
    switch (request) {
    case TIOCGPTN:
        return put_user_int(argument, tty->minor);
    case TIOCSPTLCK:
        return set_lock(pty_of(tty), argument);
    case TIOCGPTLCK:
        return put_user_int(argument, pty_of(tty)->is_locked);
    case TIOCPKT:
        return set_packets(tty, argument);
    case TIOCGPKT:
        return put_user_int(argument, tty->has_packets);
    case TIOCSIG:
        return send_signal(tty->link, argument);
    default:
        return -ENOTTY;
    }
}

/* ---- making ---- */

static void set_up(struct pty *pty, unsigned int number)
{
    static const struct tty_backend master_backend = {
        .echo = send,
        .write = write,
        .room = room,
        .resume = resume,
        .discard = discard,
        .close = close_master,
        .ioctl = control_master,
    };
    static const struct tty_backend slave_backend = {
        .echo = send,
        .write = write,
        .room = room,
        .resume = resume,
        .discard = discard,
        .open = open_slave,
        .close = close_slave,
    };
    struct tty *master = &pty->master.tty, *slave = &pty->slave.tty;

    tty_init(master, &master_backend);
    tty_init(slave, &slave_backend);
    master->line.termios.c_iflag = 0;
    master->line.termios.c_oflag = 0;
    master->line.termios.c_lflag = 0;
    slave->line.termios.c_cflag &= ~HUPCL;
    master->is_master = true;
    master->link = slave;
    slave->link = master;
    master->major = MAJOR_PTY_MASTER;
    slave->major = MAJOR_PTY_SLAVE;
    master->minor = slave->minor = number;
    pty->is_locked = true;
}

int pty_create(struct tty **master)
{
    unsigned int number = 0;
    struct pty *pty;

    while (number < PTY_MAX && ptys[number])
        number++;
    if (number == PTY_MAX)
        return -ENOSPC;
    pty = kzalloc(sizeof(*pty));
    if (!pty)
        return -ENOMEM;
    set_up(pty, number);
    ptys[number] = pty;
    *master = &pty->master.tty;
    return 0;
}
