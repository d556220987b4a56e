// SPDX-License-Identifier: MIT
/*
 * The console: where kernel messages go, and the low half of the interactive terminal when there
 * is no channel to the host.
 *
 * Output goes to the serial port that console= names and to the VGA text screen where there is
 * one. Every wait for the transmitter has a limit, and a port that never answers is given up.
 */
#ifndef KERNEL_CONSOLE_H
#define KERNEL_CONSOLE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Opens the devices; words are the value of console= ("ttyS1,115200"), or NULL for the default.
 * Needs no memory: the screen is reached through the early direct map, until vga_remap().
 * Messages before this are lost.
 */
void console_init(const char *words, bool has_vga_text);

/*
 * The I/O port that "ttyS0" or "ttyS1", with or without ",baud", names; *baud is changed only if
 * it is given. 0 when the words mean nothing.
 */
uint16_t console_parse_port(const char *words, unsigned int *baud);

/* The I/O port of the console's UART, or 0 when there is none. */
uint16_t console_port(void);

/* Writes bytes; a newline becomes CR LF on the serial line. */
void console_write(const char *bytes, size_t count);

/* Writes bytes as they are. */
void console_write_raw(const char *bytes, size_t count);

/* The bytes that have arrived on the serial line, at most size; returns how many. Never waits. */
size_t console_read(char *bytes, size_t size);

/* Waits, within the transmitter's limit, until all that was written has left the machine. */
void console_drain(void);

/*
 * From here on the console's lock is not taken: for a panic, which may interrupt its holder and
 * has stopped the other CPUs. What was being written is cut short, and its line ended.
 */
void console_panic(void);

/* A kernel message: written whole, never interleaved with another CPU's. */
void kprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
void kvprintf(const char *format, va_list arguments);

#endif
