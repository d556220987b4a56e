// SPDX-License-Identifier: MIT
/* What counts against a user's limits. */
#ifndef KERNEL_USER_COUNTS_H
#define KERNEL_USER_COUNTS_H

#include <stdint.h>

/* How many signals are queued for a user's processes and their threads: RLIMIT_SIGPENDING's. */
unsigned int user_count_signals(uint32_t user);

#endif
