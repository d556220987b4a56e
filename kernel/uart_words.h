// SPDX-License-Identifier: MIT
/* How the command line names a serial port. */
#ifndef KERNEL_UART_WORDS_H
#define KERNEL_UART_WORDS_H

#include "arch/uart.h"

/*
 * Reads ttyS0 to ttyS3, or io, mmio or mmio32 with ",ADDRESS" as Linux's earlycon has them, and
 * ",BAUD" behind it. Without that ttyS0 to ttyS3 have UART_BAUD_MAX, and the others stay as they
 * are set. Returns 0 or -EINVAL.
 */
int uart_words_read(const char *words, struct uart_place *place);

#endif
