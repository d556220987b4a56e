// SPDX-License-Identifier: MIT
/*
 * The kernel's log, and reading it. A reader's position counts the bytes since boot.
 *
 * The room owns the log, its levels, the call by which programs read it, and the limit on what
 * they make the kernel write. It leaves writing messages to kernel/console/console.h.
 */
#ifndef KERNEL_LOG_LOG_H
#define KERNEL_LOG_LOG_H

#include <stdbool.h>

#include "kernel/console/console.h"

#define LOG_SIZE        32768
#define LOG_LEVEL_SIZE  3 /* characters before each line */
#define LOG_LEVEL_COUNT 8

/*
 * A ring of lines. Each begins with its level as Linux's syslog(2) gives it, "<6>", and ends with a
 * newline; the oldest make room for the newest. The level's digit may have MESSAGE_PRIVATE in it.
 * The console's lock guards it.
 */
struct log {
    char ring[LOG_SIZE];
    uint64_t written; /* bytes since boot; modulo LOG_SIZE the place of the next */
};

extern struct log kernel_log;

/* Adds a message; level (0 to 7, or with MESSAGE_PRIVATE) counts where a line begins. */
void log_write(unsigned int level, const char *bytes, size_t count);

/* Has the console show messages below a level, 1 at least. */
void log_show_below(unsigned int level);

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
