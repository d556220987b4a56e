// SPDX-License-Identifier: MIT
/* UARTs whose registers are device memory, and how the command line names ports. */
#ifndef ARCH_BOARD_UART_MEMORY_H
#define ARCH_BOARD_UART_MEMORY_H

#include "arch/device/uart.h"

#define UART_REGISTERS 8

/* Registers a byte apart; and those that take 32 bits each, and such accesses. */
extern const struct uart_bus uart_memory_8, uart_memory_32;

/*
 * Reads ttyS0 to ttyS3, io, mmio or mmio32 with ",ADDRESS", and ",BAUD" behind it. Without that
 * ttyS0 to ttyS3 have UART_BAUD_MAX, and the others stay as they are set. Returns 0 or -EINVAL.
 */
int uart_words_read(const char *words, struct uart_place *place);

#endif
