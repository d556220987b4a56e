// SPDX-License-Identifier: MIT
/*
 * The console: where kernel messages go, and the low half of the interactive terminal when there
 * is no channel to the host.
 *
 * Output goes to one UART and to the screen that the loader left (kernel/display.h). Every wait for
 * the transmitter has a limit, and a UART that never answers is given up. All messages go to the
 * log (kernel/log.h); those from before a UART was found are written to it when it is.
 */
#ifndef KERNEL_CONSOLE_H
#define KERNEL_CONSOLE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/acpi.h"

/* Levels of messages, Linux's; the console shows those below the number that loglevel= says. */
#define LEVEL_INFO          6
#define LEVEL_DEFAULT_SHOWN 7
#define LEVEL_COUNT         8

/* What a message's format may begin with; without it the level is LEVEL_INFO. */
#define KERN_SOH     "\001"
#define KERN_RESULT  KERN_SOH "0" /* Linux's KERN_EMERG, for what was asked for: always shown */
#define KERN_ERR     KERN_SOH "3"
#define KERN_WARNING KERN_SOH "4"
#define KERN_NOTICE  KERN_SOH "5"

/* Shows messages below a level, 1 at least. */
void console_set_level(unsigned int level);

/*
 * Opens the UART that words, the value of console=, name (kernel/uart_words.h);
 * NULL: none yet. Needs no memory: devices are seen through the early direct map, which ends at
 * 4 GiB, until console_remap().
 */
void console_init(const char *words);

/* The early direct map is gone: map shows device registers, or gives NULL. */
void console_remap(void *(*map)(paddr_t, size_t));

/*
 * If there is no UART yet, opens the one that the firmware's SPCR table names, or else the first of
 * the ports of old that answers. Says which it is.
 */
void console_find_uart(const struct acpi *acpi);

/* Reads the log, by lines that each begin with their level (kernel/log.h). */
uint64_t console_log_tail(size_t size);
size_t console_log_read(uint64_t *position, char *bytes, size_t size, bool with_private);

/* Whether the console's UART is the one at an I/O port. */
bool console_has_port(uint16_t port);

/* Writes bytes; a newline becomes CR LF on the serial line. */
void console_write(const char *bytes, size_t count);

/* Writes bytes as they are. */
void console_write_raw(const char *bytes, size_t count);

/* The bytes that have arrived on the serial line, at most size; returns how many. Never waits. */
size_t console_read(char *bytes, size_t size);

/* Waits, within the transmitter's limit, until all that was written has left the machine. */
void console_drain(void);

/*
 * From here on the console's lock is not taken, and everything is shown: for a panic, which may
 * interrupt its holder and has stopped the other CPUs. What was being written is cut short, and its
 * line ended.
 */
void console_panic(void);

/* A kernel message: written whole, never interleaved with another CPU's. */
void kprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
void kvprintf(const char *format, va_list arguments);

/*
 * The same, whose lines are private in the log (kernel/log.h): for what a report tells of a
 * program. Whoever sees the console sees them.
 */
void kprintf_private(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * A name that a program has chosen, as a message may have it: what could end the line or steer a
 * terminal becomes a question mark. At most size bytes with the NUL. Returns to.
 */
const char *console_name(char *to, size_t size, const char *name);

#endif
