// SPDX-License-Identifier: MIT
/*
 * The terminal: the one there is, on the console's serial line or on the channel to the host.
 *
 * It joins a line discipline to a backend that moves bytes, and knows whose terminal it is: the
 * session it controls and the process group in the foreground. fs/devices.c makes files of it.
 */
#ifndef KERNEL_TTY_H
#define KERNEL_TTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asm/termios.h>

#include "arch/spinlock.h"
#include "kernel/io_iter.h"
#include "kernel/line_discipline.h"
#include "kernel/wait_queue.h"

struct tty_backend {
    /* Shows bytes without waiting; what finds no room is lost. Called with the lock held. */
    void (*echo)(const char *bytes, size_t count);
    /*
     * Writes at most TTY_WRITE_MAX bytes, all or none: 0; -EAGAIN when it would have to wait and
     * may not; -ERESTARTSYS when a signal ends the wait; -EIO when nobody takes them.
     */
    int (*write)(const char *bytes, size_t count, bool may_wait);
    /* There is room for input that tty_input() has refused. NULL: it comes again by itself. */
    void (*resume)(void);
};

#define TTY_WRITE_MAX 2048

struct tty {
    struct spinlock lock; /* taken with interrupts off: input arrives in the timer's interrupt */
    struct line_discipline line;
    const struct tty_backend *backend; /* NULL: there is no terminal */
    struct winsize size;
    int session;    /* whose controlling terminal it is; 0: nobody's */
    int foreground; /* process group that may read and that ^C goes to; 0: none */
    bool is_hung_up;
    struct wait_queue readers, writers;
};

extern struct tty terminal;

/* Opens the terminal; before that reads and writes say EIO. */
void tty_init(const struct tty_backend *backend);

/* The backend over the console's serial line, which it polls. */
void tty_init_console(void);

/* Makes the terminal the controlling one of a session whose leader has this pid. */
void tty_start_session(int leader);

/* The session's leader has ended: the terminal is nobody's any more. */
void tty_end_session(int leader);

/* ---- For the backend; also with interrupts off ---------------------------------------------- */

/* Bytes from the keyboard; returns how many were taken. The rest has to come again. */
size_t tty_input(const char *bytes, size_t count);

/* The window has another size: remembered, and told to the foreground by SIGWINCH. */
void tty_set_size(unsigned int rows, unsigned int columns);

/* Nobody is at the other end any more: reads give end of file, writes EIO. */
void tty_hang_up(void);

/* ---- For files ------------------------------------------------------------------------------ */

/* Bytes moved, or a negative errno. flags are the file's: O_NONBLOCK counts. */
long tty_read(struct io_iter *to, unsigned int flags);
long tty_write(struct io_iter *from, unsigned int flags);
/* POLLIN, POLLOUT ... that hold now. */
unsigned int tty_poll(void);
/* kernel/tty_ioctl.c; argument as user space gave it. */
long tty_ioctl(unsigned int request, uintptr_t argument);

/*
 * A program opens the terminal: it becomes the controlling one of a session leader that has none,
 * unless flags have O_NOCTTY.
 */
void tty_opened(unsigned int flags);

/* Whether it is the caller's controlling terminal. */
bool tty_is_controlling(void);

/*
 * Stops a caller in the background by signal, SIGTTIN or SIGTTOU: 0 when it may go on, else
 * -ERESTARTSYS, or -EIO when it cannot be stopped. For SIGTTOU that is no error.
 */
int tty_check_background(int signal);

#endif
