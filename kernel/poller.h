// SPDX-License-Identifier: MIT
/*
 * The poller: a task of the kernel that asks the devices which do not interrupt, and lets interval
 * timers expire, under the kernel lock. It runs at 100 Hz on the boot CPU, before others.
 */
#ifndef KERNEL_POLLER_H
#define KERNEL_POLLER_H

#include <stdbool.h>

/*
 * Registers a function that looks whether a device has something, and returns whether there was:
 * then the poller asks often for a while, as far as nobody else wants the CPU.
 */
void poll_register(bool (*poll)(void));

/* Makes the task; before the first program. 0 or -ENOMEM. */
int poller_start(void);

/* An interval timer may be due earlier than the poller's next turn. */
void poller_rearm(void);

#endif
