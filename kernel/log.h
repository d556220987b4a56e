// SPDX-License-Identifier: MIT
/*
 * The kernel log: the latest LOG_SIZE bytes of all kernel messages, whatever the console shows.
 *
 * It is a ring of lines. Each begins with its level as Linux's syslog(2) gives it, "<6>", and ends
 * with a newline; the oldest make room for the newest. A line may be private: it tells of a program
 * what others may not see, and only a reader with CAP_SYSLOG is given it (kernel/sys_log.c). These
 * functions take no lock: the console's guards the log.
 */
#ifndef KERNEL_LOG_H
#define KERNEL_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_SIZE       32768
#define LOG_LEVEL_SIZE 3 /* characters before each line */

/* Added to a level: the line is private. In the ring it is a bit of the level's digit. */
#define LOG_PRIVATE 8

/* /proc/sys/kernel/dmesg_restrict: at 0 all may read what is not private, else CAP_SYSLOG alone. */
extern uint64_t log_is_restricted;

/* Adds a piece of a message; level (0 to 7, or with LOG_PRIVATE) counts where a line begins. */
void log_write(unsigned int level, const char *bytes, size_t count);

/*
 * Reads on from *position, which moves on: up to the end of a line, and at most size bytes. 0 at
 * the end of the log. A position that was overwritten since is that of the oldest whole line; 0 is
 * too. Private lines are passed over unless they are asked for.
 */
size_t log_read(uint64_t *position, char *bytes, size_t size, bool with_private);

/* The position of a line's beginning in the latest size bytes, or of the log's end. */
uint64_t log_tail(size_t size);

/* The level of a line that was read from its beginning. */
static inline unsigned int log_level(const char *line)
{
    return (unsigned int)(line[1] - '0');
}

#endif
