// SPDX-License-Identifier: MIT
/*
 * The console: where kernel messages go, and the low half of the interactive terminal when there
 * is no channel to the host.
 *
 * The room owns the messages, the serial port that they go to, the command line, and the names of
 * the kernel's functions. It leaves the choice of a port to arch/board/, screens to arch/screen/,
 * the log to kernel/log/, and terminals to kernel/tty/.
 *
 * Every wait for the transmitter has a limit, and a UART that never answers is given up.
 */
#ifndef KERNEL_CONSOLE_CONSOLE_H
#define KERNEL_CONSOLE_CONSOLE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/cpu/attach.h"
#include "arch/device/uart.h"

/* A message's format may begin with its level, as on Linux; the default is 6, info. */
#define KERN_SOH     "\001"
#define KERN_RESULT  KERN_SOH "0" /* Linux's KERN_EMERG, for what was asked for: always shown */
#define KERN_ERR     KERN_SOH "3"
#define KERN_WARNING KERN_SOH "4"
#define KERN_NOTICE  KERN_SOH "5"
#define KERN_PRIVATE KERN_SOH ">" /* the level that informs, with MESSAGE_PRIVATE */

/* A kernel message: written whole, never interleaved with another CPU's. */
void kprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
void kvprintf(const char *format, va_list arguments);

/*
 * The same, for what a report says about a program: in the log these lines are only for readers
 * with CAP_SYSLOG (kernel/log/log.h). The console shows them all the same.
 */
#define kprintf_private(format, ...) kprintf(KERN_PRIVATE format, ##__VA_ARGS__)

/*
 * Makes a name that a program has chosen fit for a message: what could end the line or steer a
 * terminal becomes a question mark. At most size bytes with the NUL. Returns to.
 */
const char *console_name(char *to, size_t size, const char *name);

/* Opens the first of the legacy ports that answers, unless a room above has chosen otherwise. */
void console_init(void);

/* Waits, within the transmitter's limit, until all that was written has left the machine. */
void console_drain(void);

/*
 * From here on the console's lock is not taken, and every level is shown: for a panic, which may
 * interrupt the lock's holder and has stopped the other CPUs. An interrupted message is cut short,
 * and its line ended.
 */
void console_panic(void);

/* ---- for the rooms above that have a part of the console ---- */

/* Under the console's lock. */
extern struct uart console_uart;

/* Keeps messages away from the serial line, the devices and the log; turns interrupts off. */
uint64_t console_lock(void);
void console_unlock(uint64_t flags);

/* Opens the UART at a place, or the first legacy port that answers; false: there is none. */
bool console_open(const struct uart_place *place, volatile void *registers);
bool console_open_legacy(void);

enum console_map {
    CONSOLE_MAP_EARLY, /* the direct map of the entry's tables, which ends at 4 GiB */
    CONSOLE_MAP_FINAL, /* the early one is gone; mm/table/kernel_map.h maps devices from now on */
};

/*
 * Devices can be mapped. Told once for each map: first before any message, when no memory can be
 * allocated, and again as soon as the early map is gone. There is one CPU, and no lock is held. No
 * message may be written: another device may have to be mapped first. It may not fail.
 */
EVENT(console_maps, void, enum console_map map);

/*
 * Asked before any message: not 0 if a room above opens the serial port, now or later. No memory
 * can be allocated.
 */
EVENT(console_port_is_chosen, int, void);

/* A device has opened: a room that keeps the log so far gives it to the device's function. */
EVENT(console_opens_late, void, void (*write)(const char *bytes, size_t count));

#define MESSAGE_PRIVATE 8 /* a bit of the level: of kprintf_private() */

/*
 * A message of a level is to be written: not 0 hides it on the console, except in a panic. Under
 * the console's lock with interrupts off, or in a panic under none: no lock may be taken, nothing
 * may wait or write a message.
 */
EVENT(message_is_hidden, int, unsigned int level, const char *bytes, size_t count);

/* Bytes go to the console's devices: a message, or a terminal's output. Under the same rules. */
EVENT(console_shows, void, const char *bytes, size_t count);

/* Messages that programs cause, and which may therefore be limited. */
enum message_kind {
    MESSAGE_REPORT,        /* of a fatal signal; the first program's is not counted */
    MESSAGE_EXEC,          /* a file cannot be run */
    MESSAGE_OUT_OF_MEMORY, /* which process was killed for it */
    MESSAGE_KINDS
};

/* A message of this kind is about to be written; not 0 suppresses it. Under the kernel lock. */
EVENT(message_comes, int, enum message_kind kind);

#endif
