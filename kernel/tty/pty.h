// SPDX-License-Identifier: MIT
/*
 * Pseudo-terminals: pairs of terminals of which each is what the other is connected to. What is
 * written to the master is typed at the slave, and what the slave shows can be read from the
 * master. pty(7).
 */
#ifndef KERNEL_TTY_PTY_H
#define KERNEL_TTY_PTY_H

#include "kernel/tty/tty.h"

#define PTY_MAX 256 /* at a time */

/* The minor number is the pair's. */
#define MAJOR_PTY_MASTER 128
#define MAJOR_PTY_SLAVE  136

/*
 * A new pair, locked, as its master, which is open, once: tty_close() ends it. 0, -ENOSPC, -ENOMEM.
 * The slave is its link; it lives until both ends are closed.
 */
int pty_create(struct tty **master);

#endif
