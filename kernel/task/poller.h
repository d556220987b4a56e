// SPDX-License-Identifier: MIT
/*
 * The poller: a kernel task that polls the devices that do not interrupt, and runs expired timers,
 * under the kernel lock. It runs at 100 Hz on the boot CPU, ahead of other tasks.
 */
#ifndef KERNEL_TASK_POLLER_H
#define KERNEL_TASK_POLLER_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu/attach.h"

struct poller_turn {
    bool found;   /* set by those whose device had something */
    uint64_t due; /* lowered by those with a timer, to its next expiry */
};

/*
 * The poller has a turn: poll your device, and do what is due. Told under the kernel lock, in the
 * poller's own task: if you wait here, all others wait too. After a device had something, turns
 * come more often for a while, as long as no other task wants the CPU.
 */
EVENT(poller_turn, void, struct poller_turn *turn);

/* Creates the task, before the first program: 0 or -ENOMEM. */
int poller_start(void);

/* To be called when something may now be due before the poller's next turn. */
void poller_rearm(void);

#endif
