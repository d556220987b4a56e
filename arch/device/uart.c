// SPDX-License-Identifier: MIT
/*
 * The 16550 UART. Registers and bits: Texas Instruments, PC16550D data sheet, table II.
 */
#include "arch/device/uart.h"

#include "arch/cpu/io.h"

const uint16_t uart_legacy_ports[UART_LEGACY_COUNT] = {0x3f8, 0x2f8, 0x3e8, 0x2e8};

/* Numbers of the registers. With DLAB set the first two are the divisor. */
enum uart_register {
    UART_DATA = 0,
    UART_INTERRUPT_ENABLE = 1,
    UART_DIVISOR_LOW = 0,
    UART_DIVISOR_HIGH = 1,
    UART_INTERRUPT_ID = 2, /* read */
    UART_FIFO_CONTROL = 2, /* written */
    UART_LINE_CONTROL = 3,
    UART_MODEM_CONTROL = 4,
    UART_LINE_STATUS = 5,
    UART_SCRATCH = 7,
};

#define FIFO_ENABLE    (1u << 0)
#define FIFO_CLEAR     (3u << 1) /* both directions */
#define FIFO_TRIGGER   (3u << 6) /* 14 bytes: how far an emulator fills it */
#define INTERRUPT_FIFO (3u << 6) /* both bits set: the FIFOs work */

#define LINE_8N1  0x03u
#define LINE_DLAB (1u << 7)

#define MODEM_DTR (1u << 0)
#define MODEM_RTS (1u << 1)

#define STATUS_RECEIVED    (1u << 0)
#define STATUS_WRITABLE    (1u << 5) /* the transmitter's FIFO is empty */
#define STATUS_TRANSMITTED (1u << 6) /* and so is its shift register */
#define STATUS_ABSENT      0xffu     /* no device drives the bus */

/*
 * Reads of the status before a transmitter is given up. A port read takes about a microsecond on a
 * board, and sending 16 characters at 300 baud half a second.
 */
#define WAIT_READS 1000000

#define BASE_CLOCK 115200 /* baud at divisor 1 */

static uint8_t read_register(const struct uart *uart, enum uart_register index)
{
    if (uart->place.bus)
        return uart->place.bus->read(uart, index);
    return inb((uint16_t)(uart->place.address + index));
}

static void write_register(const struct uart *uart, enum uart_register index, uint8_t value)
{
    if (uart->place.bus)
        uart->place.bus->write(uart, index, value);
    else
        outb((uint16_t)(uart->place.address + index), value);
}

/* Waits for a bit of the line status, unless the port has missed the limit before. */
static bool wait_status(struct uart *uart, uint8_t bit)
{
    unsigned int reads = uart->stalled ? 1 : WAIT_READS;

    for (unsigned int i = 0; i < reads; i++) {
        if (read_register(uart, UART_LINE_STATUS) & bit) {
            uart->stalled = false;
            return true;
        }
        __builtin_ia32_pause();
    }
    uart->stalled = true;
    return false;
}

/* The scratch register keeps what is written to it; an absent port does not. */
static bool is_present(const struct uart *uart)
{
    if (read_register(uart, UART_LINE_STATUS) == STATUS_ABSENT)
        return false;
    write_register(uart, UART_SCRATCH, 0x5a);
    if (read_register(uart, UART_SCRATCH) != 0x5a)
        return false;
    write_register(uart, UART_SCRATCH, 0xa5);
    return read_register(uart, UART_SCRATCH) == 0xa5;
}

static void set_speed(const struct uart *uart, unsigned int baud)
{
    unsigned int divisor = BASE_CLOCK / baud;

    write_register(uart, UART_LINE_CONTROL, LINE_DLAB);
    write_register(uart, UART_DIVISOR_LOW, divisor & 0xff);
    write_register(uart, UART_DIVISOR_HIGH, (uint8_t)(divisor >> 8));
}

bool uart_init(struct uart *uart, const struct uart_place *place, volatile void *registers)
{
    *uart = (struct uart){.place = *place, .registers = registers, .fifo_size = 1};
    uart->is_there = is_present(uart);
    if (!uart->is_there)
        return false;
    write_register(uart, UART_INTERRUPT_ENABLE, 0);
    /* First let the firmware's last output leave, at the firmware's speed. */
    uart_drain(uart);
    if (place->baud)
        set_speed(uart, place->baud);
    write_register(uart, UART_LINE_CONTROL, LINE_8N1);
    write_register(uart, UART_FIFO_CONTROL, FIFO_ENABLE | FIFO_CLEAR | FIFO_TRIGGER);
    write_register(uart, UART_MODEM_CONTROL, MODEM_DTR | MODEM_RTS);
    if ((read_register(uart, UART_INTERRUPT_ID) & INTERRUPT_FIFO) == INTERRUPT_FIFO)
        uart->fifo_size = UART_FIFO_SIZE;
    return true;
}

size_t uart_read(struct uart *uart, void *buffer, size_t size)
{
    uint8_t *bytes = buffer;
    size_t count = 0;

    if (!uart->is_there)
        return 0;
    while (count < size && (read_register(uart, UART_LINE_STATUS) & STATUS_RECEIVED))
        bytes[count++] = read_register(uart, UART_DATA);
    return count;
}

size_t uart_write_some(struct uart *uart, const void *bytes, size_t count)
{
    const uint8_t *source = bytes;

    if (!uart->is_there || !(read_register(uart, UART_LINE_STATUS) & STATUS_WRITABLE))
        return 0;
    uart->stalled = false;
    if (count > uart->fifo_size)
        count = uart->fifo_size;
    for (size_t i = 0; i < count; i++)
        write_register(uart, UART_DATA, source[i]);
    return count;
}

bool uart_write(struct uart *uart, const void *bytes, size_t count)
{
    const uint8_t *source = bytes;

    if (!uart->is_there)
        return false;
    while (count) {
        size_t written = uart_write_some(uart, source, count);

        if (!written && !wait_status(uart, STATUS_WRITABLE))
            return false;
        source += written;
        count -= written;
    }
    return true;
}

void uart_drain(struct uart *uart)
{
    if (uart->is_there)
        wait_status(uart, STATUS_TRANSMITTED);
}
