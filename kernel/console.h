// SPDX-License-Identifier: MIT
/*
 * The console: where kernel messages go, and the low half of the interactive terminal.
 *
 * Output goes to the serial port that console= names and to the VGA text screen where there is
 * one. Every wait for the transmitter has a limit, and a port that never answers is given up.
 */
#ifndef KERNEL_CONSOLE_H
#define KERNEL_CONSOLE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* Opens the devices; words are the value of console= ("ttyS1,115200"), or NULL for the default. */
void console_init(const char *words, bool has_vga_text);

/* Writes bytes; a newline becomes CR LF on the serial line. */
void console_write(const char *bytes, size_t count);

/* One byte from the serial line, or -1 when none waits. */
int console_read(void);

/* A kernel message: written whole, never interleaved with another CPU's. */
void kprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
void kvprintf(const char *format, va_list arguments);

#endif
