// SPDX-License-Identifier: MIT
/*
 * Terminals: the one on the console's serial line or on the channel to the host, and the ends of
 * pseudo-terminals (kernel/tty/pty.h).
 *
 * The room owns terminals, the line discipline and whose terminal one is. It leaves names and files
 * in /dev to fs/device/, groups to kernel/job/, and the bytes of its lines to kernel/console/ and
 * kernel/channel/.
 *
 * A terminal joins a line discipline to a backend that moves bytes, and knows whose terminal it
 * is: the session it controls and the process group in the foreground. fs/device/terminal.c makes
 * files of it. The kernel lock guards all of it; the terminal's own covers its input.
 */
#ifndef KERNEL_TTY_TTY_H
#define KERNEL_TTY_TTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asm/termios.h>

#include "arch/lock/spinlock.h"
#include "kernel/call/io_iter.h"
#include "kernel/task/state.h"
#include "kernel/task/wait_queue.h"
#include "kernel/tty/line_discipline.h"

struct process;
struct tty;

/* Linux's numbers (Documentation/admin-guide/devices.txt). */
#define MAJOR_TERMINAL 5
#define MINOR_CONSOLE  1
#define MINOR_PTMX     2

/* What is NULL need not be done, unless it says otherwise. */
struct tty_backend {
    /* Shows bytes without waiting; what finds no room is lost. Called with the lock held. */
    void (*echo)(struct tty *tty, const char *bytes, size_t count);
    /*
     * Writes at most TTY_WRITE_MAX bytes, all or none: 0; -EAGAIN when it would have to wait and
     * may not; -ERESTARTSYS when a signal ends the wait; -EIO when nobody takes them.
     */
    int (*write)(struct tty *tty, const char *bytes, size_t count, bool may_wait);
    /* How many bytes write() takes without waiting. NULL: it is write() that waits. */
    size_t (*room)(const struct tty *tty);
    /* There is room for input that tty_input() has refused. */
    void (*resume)(struct tty *tty);
    /* Drops that input. */
    void (*discard)(struct tty *tty);
    /* A file of the terminal is opened, which it may refuse, or closed. */
    int (*open)(struct tty *tty);
    void (*close)(struct tty *tty);
    /* Requests that no other terminal knows. NULL: -ENOTTY. */
    long (*ioctl)(struct tty *tty, unsigned int request, uintptr_t argument);
};

#define TTY_WRITE_MAX 2048

struct tty {
    struct spinlock lock; /* taken with interrupts off */
    struct line_discipline line;
    const struct tty_backend *backend; /* NULL: there is no terminal */
    uint32_t major, minor;             /* its device number */
    struct tty *link;                  /* of a pseudo-terminal: the other end; else NULL */
    bool is_master;                    /* that end is the slave */
    struct winsize size;
    int session;           /* whose controlling terminal it is; 0: nobody's */
    int foreground;        /* process group that may read and that ^C goes to; 0: none */
    bool is_hung_up;       /* nobody is at the other end any more, and nobody will be */
    bool is_exclusive;     /* TIOCEXCL: only who has CAP_SYS_ADMIN opens it */
    bool is_peer_closed;   /* of a master: nobody has the slave open */
    bool has_packets;      /* of a master: reads begin with a byte that says what follows */
    uint8_t packet_status; /* TIOCPKT_*: what has happened to the slave, for the next read */
    struct wait_queue readers, writers;
};

/* The console's or the channel's. */
extern struct tty console_tty;

/* Sets up a terminal of any kind; before that of the console reads and writes say EIO. */
void tty_init(struct tty *tty, const struct tty_backend *backend);

/* ---- for the backend; also with interrupts off ---- */

/* Bytes from the keyboard; returns how many were taken. The rest has to come again. */
size_t tty_input(struct tty *tty, const char *bytes, size_t count);

/* The window has another size: remembered, and told to the foreground by SIGWINCH. */
void tty_set_size(struct tty *tty, const struct winsize *size);

/* Nobody is at the other end any more: reads give what there is and end of file, writes EIO. */
void tty_hang_up(struct tty *tty);

/* ---- for files ---- */

/*
 * A program opens the terminal, and closes it. It becomes the controlling one of a session leader
 * that has none, if the file can be read and flags, which are open()'s, have no O_NOCTTY.
 */
int tty_open(struct tty *tty, unsigned int flags);
void tty_close(struct tty *tty);

/*
 * Bytes moved, or a negative errno. flags are the file's: O_NONBLOCK counts. -EIO: a reader or
 * writer in the background that cannot be stopped, a writer after a hang-up, a master's reader
 * while nobody has the slave open.
 */
long tty_read(struct tty *tty, struct io_iter *to, unsigned int flags);
long tty_write(struct tty *tty, struct io_iter *from, unsigned int flags);
/* How many bytes make the terminal readable for poll(), by its mode (kernel/tty/tty_read.c). */
uint32_t tty_wanted_by_poll(const struct tty *tty);
/* POLLIN, POLLOUT ... that hold now. */
unsigned int tty_poll(const struct tty *tty);
/* kernel/tty/tty_ioctl.c; argument as user space gave it, flags the file's. */
long tty_ioctl(struct tty *tty, unsigned int request, uintptr_t argument, unsigned int flags);

/* Drops the input that has not been read (kernel/tty/tty_ioctl.c). */
void tty_flush_input(struct tty *tty);

/* TCGETA, TCSETSF2 and all between (kernel/tty/tty_settings.c). */
long tty_get_settings(const struct tty *tty, unsigned int request, uintptr_t argument);
long tty_set_settings(struct tty *tty, unsigned int request, uintptr_t argument);

/* Output may have ceased to wait: shows the echo that has waited, too, and wakes writers. */
void tty_restart_output(struct tty *tty);

/* Tells the master of a slave, if it has packets, what has happened: TIOCPKT_*. */
void tty_tell_master(struct tty *tty, unsigned int status);

/* ---- whose terminal it is (kernel/tty/tty_session.c) ---- */

/* What a process has of terminals. */
struct process_terminal {
    struct tty *tty;     /* its controlling terminal; NULL: none */
    int lost_foreground; /* of a leader whose terminal is gone: the group that had it; 0: none */
};

extern PROCESS_STATE(struct process_terminal, process_terminal);

static inline struct process_terminal *terminal_of(const struct process *process)
{
    return process_state(process, process_terminal);
}

/* Makes it the controlling terminal of a process that leads a session and has none. */
void tty_start_session(struct tty *tty, struct process *leader);

/* The terminal is gone: its session's leader is told, and the session has it no more. */
void tty_revoke(struct tty *tty);

/* Whether the running process leads its session. */
bool tty_is_led(void);

/*
 * Stops a caller in the background of its controlling terminal by signal, SIGTTIN or SIGTTOU: 0
 * when it may go on, else -ERESTARTSYS, or -EIO when it cannot be stopped. For SIGTTOU that is no
 * error.
 */
int tty_check_background(const struct tty *tty, int signal);

/* TIOCSPGRP, TIOCSCTTY, TIOCNOTTY; flags are the file's. */
long tty_set_foreground(struct tty *tty, uintptr_t argument);
long tty_take_session(struct tty *tty, uintptr_t argument, unsigned int flags);
long tty_leave_session(const struct tty *tty);

#endif
