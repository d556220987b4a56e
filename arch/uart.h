// SPDX-License-Identifier: MIT
/*
 * The 16550 UART, polled: one serial port as two streams of bytes.
 *
 * No interrupt is used, since a board may lack the PIC that would carry it. Nothing here waits
 * without a limit: a port that is absent, or whose transmitter has stopped, costs the limit once.
 * Who may use a port when is its owner's to settle; these functions take no lock.
 */
#ifndef ARCH_UART_H
#define ARCH_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UART_COM1 0x3f8 /* ttyS0 */
#define UART_COM2 0x2f8 /* ttyS1 */

#define UART_BAUD_MAX  115200
#define UART_FIFO_SIZE 16

struct uart {
    uint16_t port;          /* first of the eight I/O ports; 0: there is no UART */
    unsigned int fifo_size; /* bytes the transmitter takes at once: 16, or 1 without a FIFO */
    bool stalled;           /* it missed the limit: not waited for until it is ready again */
};

/*
 * Sets the port to 8 data bits, no parity, one stop bit, FIFOs on, no interrupts. baud is
 * 1 to UART_BAUD_MAX. Returns whether there is a UART; if not, writes go nowhere and reads
 * find nothing.
 */
bool uart_init(struct uart *uart, uint16_t port, unsigned int baud);

/* The bytes that have arrived, at most size; returns how many. Never waits. */
size_t uart_read(struct uart *uart, void *buffer, size_t size);

/* Hands over as many bytes as the transmitter takes now; returns how many. Never waits. */
size_t uart_write_some(struct uart *uart, const void *bytes, size_t count);

/* Writes all bytes, waiting for the transmitter. False when it missed the limit: bytes are lost. */
bool uart_write(struct uart *uart, const void *bytes, size_t count);

/* Waits until the last byte has left the wire's end of the port, or for the limit. */
void uart_drain(struct uart *uart);

#endif
