// SPDX-License-Identifier: MIT
/*
 * The 16550 UART, polled: one serial port as two streams of bytes.
 *
 * Its registers are eight I/O ports, or are reached by a room above (struct uart_bus). No interrupt
 * is used, since a board may lack the PIC that would carry it. Every wait has a limit: a port that
 * is absent, or whose transmitter has stopped, costs the limit once. These functions take no lock:
 * a port's owner decides who may use it when.
 */
#ifndef ARCH_DEVICE_UART_H
#define ARCH_DEVICE_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The legacy ports, ttyS0 to ttyS3. */
#define UART_LEGACY_COUNT 4
extern const uint16_t uart_legacy_ports[UART_LEGACY_COUNT];

#define UART_BAUD_MAX  115200
#define UART_FIFO_SIZE 16

struct uart_bus;

struct uart_place {
    const struct uart_bus *bus; /* NULL: I/O ports */
    uint64_t address;           /* of the first register: a port, or physical */
    unsigned int baud;          /* 1 to UART_BAUD_MAX, for a clock of 1.8432 MHz; 0: unchanged */
};

struct uart {
    struct uart_place place;
    bool is_there;            /* if not, writes are lost and reads find nothing */
    volatile char *registers; /* where its bus sees them */
    unsigned int fifo_size;   /* bytes the transmitter takes at once: 16, or 1 without a FIFO */
    bool stalled;             /* it missed the limit: not waited for until it is ready again */
};

/* How registers that are no I/O ports are reached (arch/board/uart_memory.c). */
struct uart_bus {
    /* Maps those at an address, in the early direct map or the kernel's final one; or NULL. */
    volatile void *(*map)(uint64_t address, bool is_early);
    uint8_t (*read)(const struct uart *uart, unsigned int index);
    void (*write)(const struct uart *uart, unsigned int index, uint8_t value);
};

/*
 * Sets the UART to 8 data bits, no parity, one stop bit, FIFOs on, no interrupts. registers is
 * where its bus shows them; the owner may change it when the map changes. Returns whether there is
 * a UART.
 */
bool uart_init(struct uart *uart, const struct uart_place *place, volatile void *registers);

/* Reads the bytes that have arrived, at most size; returns how many. Never waits. */
size_t uart_read(struct uart *uart, void *buffer, size_t size);

/* Hands over as many bytes as the transmitter takes now; returns how many. Never waits. */
size_t uart_write_some(struct uart *uart, const void *bytes, size_t count);

/* Writes all bytes, waiting for the transmitter. False when it missed the limit: bytes are lost. */
bool uart_write(struct uart *uart, const void *bytes, size_t count);

/* Waits until the last byte has been transmitted, or for the limit. */
void uart_drain(struct uart *uart);

#endif
