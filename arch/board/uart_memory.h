// SPDX-License-Identifier: MIT
/* UARTs whose registers are device memory, and how the command line names such and other ones. */
#ifndef ARCH_BOARD_UART_MEMORY_H
#define ARCH_BOARD_UART_MEMORY_H

#include "arch/device/uart.h"

/* Registers a byte apart; and those that take 32 bits each, and such accesses. */
extern const struct uart_bus uart_memory_8, uart_memory_32;

/* What answers uart_is_named (kernel/console/uart.h): io, mmio and mmio32. */
int uart_names_read(const char *words, struct uart_place *place);

#endif
