// SPDX-License-Identifier: MIT
// Giving up the processor.
#ifndef LIBC_SCHED_H
#define LIBC_SCHED_H

#include <linux/sched.h>

int sched_yield(void);

#endif
