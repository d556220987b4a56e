// SPDX-License-Identifier: MIT
/*
 * The console: where kernel messages go, and the low half of the interactive terminal when there
 * is no channel to the host.
 *
 * The room owns the log, the choice of a serial port, the command line, and the names of the
 * kernel's functions. It leaves screens to arch/screen/, the calls by which programs read the log
 * to kernel/log/, and terminals to kernel/tty/.
 *
 * Output goes to one UART and to the devices of rooms above (kernel/console/events.h). Every wait
 * for the transmitter has a limit, and a UART that never answers is given up. All messages go to
 * the log; those from before a UART was found are written to it when it is.
 */
#ifndef KERNEL_CONSOLE_CONSOLE_H
#define KERNEL_CONSOLE_CONSOLE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/acpi/acpi.h"
#include "arch/cpu/attach.h"

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
 * Opens the UART that words, the value of console=, name (kernel/console/uart.h);
 * NULL: none yet. Needs no memory: devices are seen through the early direct map, which ends at
 * 4 GiB, until console_remap().
 */
void console_init(const char *words);

/* The early direct map is gone, and the kernel's final one is in use. */
void console_remap(void);

/* What was said so far, as far as its level lets it through, to a device that opens late. */
void console_show_log(void (*write)(const char *bytes, size_t count));

/*
 * If there is no UART yet, opens the one that the firmware names, or else the first of
 * the legacy ports that answers. Reports which it is.
 */
void console_find_uart(const struct acpi *acpi);

/*
 * Keeps messages away from the log and the serial line (kernel/console/uart.h), for who reads them
 * or writes there; with interrupts off.
 */
uint64_t console_lock(void);
void console_unlock(uint64_t flags);

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
 * The same, whose lines are private in the log (LOG_PRIVATE): for what a report tells of a
 * program. Whoever sees the console sees them.
 */
void kprintf_private(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- the log: the latest LOG_SIZE bytes of all messages, whatever the console shows ---- */

#define LOG_SIZE       32768
#define LOG_LEVEL_SIZE 3 /* characters before each line */

/*
 * Added to a level: the line is private, it tells of a program what others may not see. Only a
 * reader with CAP_SYSLOG is given it (kernel/log/log.h). In the ring it is a bit of the level's
 * digit.
 */
#define LOG_PRIVATE 8

/*
 * A ring of lines. Each begins with its level as Linux's syslog(2) gives it, "<6>", and ends with a
 * newline; the oldest make room for the newest. The console's lock guards it.
 */
struct log {
    char ring[LOG_SIZE];
    uint64_t written; /* bytes since boot; modulo LOG_SIZE the place of the next */
};

extern struct log kernel_log;

/* Adds a piece of a message; level (0 to 7, or with LOG_PRIVATE) counts where a line begins. */
void log_write(unsigned int level, const char *bytes, size_t count);

/*
 * A name that a program has chosen, as a message may have it: what could end the line or steer a
 * terminal becomes a question mark. At most size bytes with the NUL. Returns to.
 */
const char *console_name(char *to, size_t size, const char *name);

/* What programs make the kernel write. */
enum message_kind {
    MESSAGE_REPORT,        /* of a fatal signal; the first program's is not counted */
    MESSAGE_EXEC,          /* a file cannot be run */
    MESSAGE_OUT_OF_MEMORY, /* who was ended for it */
    MESSAGE_KINDS
};

/* A message of this kind is about to be written. Anything but 0: it is not. Under the kernel lock.
 */
EVENT(message_comes, int, enum message_kind kind);

#endif
