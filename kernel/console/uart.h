// SPDX-License-Identifier: MIT
/* The console's serial port, and how the command line names one. */
#ifndef KERNEL_CONSOLE_UART_H
#define KERNEL_CONSOLE_UART_H

#include <stdbool.h>
#include <stddef.h>

#include "arch/cpu/attach.h"
#include "arch/device/uart.h"

/* Under the console's lock (kernel/console/console.h). */
extern struct uart console_uart;

/* Whether the console's UART is the one at an I/O port. */
bool console_has_port(uint16_t port);

/*
 * Reads ttyS0 to ttyS3, or what rooms above know, and ",BAUD" behind it. Without that ttyS0 to
 * ttyS3 have UART_BAUD_MAX, and the others stay as they are set. Returns 0 or -EINVAL.
 */
int uart_words_read(const char *words, struct uart_place *place);

/* ",BAUD", or nothing; the end of the words: 0 or -EINVAL. */
int uart_words_read_baud(const char *words, struct uart_place *place);

/* Asked of words that do not begin with ttyS: not 0 if they name a port, and place says which. */
EVENT(uart_is_named, int, const char *words, struct uart_place *place);

#endif
