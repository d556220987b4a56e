// SPDX-License-Identifier: MIT
/*
 * The poller: a task of the kernel that asks the devices which do not interrupt, and lets timers
 * expire, under the kernel lock. It runs at 100 Hz on the boot CPU, before others.
 */
#ifndef KERNEL_TASK_POLLER_H
#define KERNEL_TASK_POLLER_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu/attach.h"

struct poller_turn {
    bool found;   /* set by whoever's device had something */
    uint64_t due; /* lowered by whoever has a timer, to when it wants to be told again */
};

/*
 * The poller has a turn: look whether the device has something, and do what is due. Under the
 * kernel lock, in the poller's own task; whoever waits here keeps all others waiting. After a
 * device had something turns come often for a while, as far as nobody else wants the CPU.
 */
EVENT(poller_turn, void, struct poller_turn *turn);

/* Makes the task; before the first program. 0 or -ENOMEM. */
int poller_start(void);

/* Something may be due earlier than the poller's next turn. */
void poller_rearm(void);

#endif
