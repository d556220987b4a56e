// SPDX-License-Identifier: MIT
/* Reading the kernel's log. A reader's position counts the bytes since boot. */
#ifndef KERNEL_LOG_LOG_H
#define KERNEL_LOG_LOG_H

#include <stdbool.h>

#include "kernel/console/console.h"

/* /proc/sys/kernel/dmesg_restrict: at 0 all may read what is not private, else CAP_SYSLOG alone. */
extern uint64_t log_is_restricted;

/*
 * Reads on from *position, which moves on: up to the end of a line, and at most size bytes. 0 at
 * the end of the log. A position that was overwritten since is that of the oldest whole line; 0 is
 * too. Private lines are passed over unless they are asked for.
 */
size_t log_read(uint64_t *position, char *bytes, size_t size, bool with_private);

/* The position of a line's beginning in the latest size bytes, or of the log's end. */
uint64_t log_tail(size_t size);

#endif
