// SPDX-License-Identifier: MIT
/*
 * The 16550 UART, polled: one serial port as two streams of bytes.
 *
 * Its registers are eight I/O ports, or device memory. No interrupt is used, since a board may lack
 * the PIC that would carry it. Nothing here waits
 * without a limit: a port that is absent, or whose transmitter has stopped, costs the limit once.
 * Who may use a port when is its owner's to settle; these functions take no lock.
 */
#ifndef ARCH_UART_H
#define ARCH_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the ports of old are: ttyS0 to ttyS3. */
#define UART_LEGACY_COUNT 4
extern const uint16_t uart_legacy_ports[UART_LEGACY_COUNT];

#define UART_REGISTERS 8
#define UART_BAUD_MAX  115200
#define UART_FIFO_SIZE 16

enum uart_space {
    UART_NOWHERE,
    UART_PORTS,
    UART_MEMORY,
};

struct uart_place {
    enum uart_space space;
    unsigned int
        stride;        /* in memory: 1, or 4 where each register takes 32 bits and such accesses */
    uint64_t address;  /* of the first register: an I/O port, or physical */
    unsigned int baud; /* 1 to UART_BAUD_MAX, for a clock of 1.8432 MHz; 0: as it is set */
};

struct uart {
    struct uart_place place;  /* UART_NOWHERE: writes are lost and reads find nothing */
    volatile char *registers; /* in memory: where they are seen */
    unsigned int fifo_size;   /* bytes the transmitter takes at once: 16, or 1 without a FIFO */
    bool stalled;             /* it missed the limit: not waited for until it is ready again */
};

/*
 * Sets the UART to 8 data bits, no parity, one stop bit, FIFOs on, no interrupts. registers is
 * where those of UART_MEMORY are seen; the owner may change it when the map changes. Returns
 * whether there is a UART; if not, its place is UART_NOWHERE.
 */
bool uart_init(struct uart *uart, const struct uart_place *place, volatile void *registers);

/* The bytes that have arrived, at most size; returns how many. Never waits. */
size_t uart_read(struct uart *uart, void *buffer, size_t size);

/* Hands over as many bytes as the transmitter takes now; returns how many. Never waits. */
size_t uart_write_some(struct uart *uart, const void *bytes, size_t count);

/* Writes all bytes, waiting for the transmitter. False when it missed the limit: bytes are lost. */
bool uart_write(struct uart *uart, const void *bytes, size_t count);

/* Waits until the last byte has left the wire's end of the port, or for the limit. */
void uart_drain(struct uart *uart);

#endif
