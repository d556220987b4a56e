// SPDX-License-Identifier: MIT
/*
 * The console, over one UART and the VGA text screen.
 *
 * One lock, taken with interrupts off, keeps each message whole.
 */
#include "kernel/console.h"

#include "arch/layout.h"
#include "arch/spinlock.h"
#include "arch/uart.h"
#include "arch/vga.h"
#include "libc/include/stdio.h"
#include "libc/include/string.h"

#define MESSAGE_SIZE 1024 /* a longer message is cut */

static struct spinlock console_lock = SPINLOCK_INIT("console");
static bool lock_is_broken;
static struct uart uart;
static char message[MESSAGE_SIZE];

static uint64_t take_lock(void)
{
    return lock_is_broken ? irq_save() : spin_lock_irqsave(&console_lock);
}

static void drop_lock(uint64_t flags)
{
    if (lock_is_broken)
        irq_restore(flags);
    else
        spin_unlock_irqrestore(&console_lock, flags);
}

/* A decimal number that ends the string, or 0. */
static unsigned int parse_number(const char *digits)
{
    unsigned int value = 0;

    for (; *digits >= '0' && *digits <= '9' && value < 1000000; digits++)
        value = value * 10 + (*digits - '0');
    return *digits ? 0 : value;
}

uint16_t console_parse_port(const char *words, unsigned int *baud)
{
    unsigned int value;

    if (strncmp(words, "ttyS", 4) || (words[4] != '0' && words[4] != '1'))
        return 0;
    if (words[5] == ',') {
        value = parse_number(words + 6);
        if (!value || value > UART_BAUD_MAX)
            return 0;
        *baud = value;
    } else if (words[5]) {
        return 0;
    }
    return words[4] == '0' ? UART_COM1 : UART_COM2;
}

void console_init(const char *words, bool has_vga_text)
{
    unsigned int baud = UART_BAUD_MAX;
    uint16_t port = words ? console_parse_port(words, &baud) : UART_COM1;

    uart_init(&uart, port ? port : UART_COM1, baud);
    if (has_vga_text)
        vga_init(direct_map(paddr(VGA_MEMORY)));
    if (!port)
        kprintf("console=%s is not ttyS0 or ttyS1[,baud]: ttyS0,%u is used\n", words, baud);
}

uint16_t console_port(void)
{
    return uart.port;
}

/* To the serial line, with CR before each newline. */
static void write_lines(const char *bytes, size_t count)
{
    while (count) {
        const char *newline = memchr(bytes, '\n', count);
        size_t length = newline ? (size_t)(newline - bytes) : count;

        uart_write(&uart, bytes, length);
        if (!newline)
            return;
        uart_write(&uart, "\r\n", 2);
        bytes += length + 1;
        count -= length + 1;
    }
}

static void write_locked(const char *bytes, size_t count)
{
    write_lines(bytes, count);
    vga_write(bytes, count);
}

void console_write(const char *bytes, size_t count)
{
    uint64_t flags = take_lock();

    write_locked(bytes, count);
    drop_lock(flags);
}

void console_write_raw(const char *bytes, size_t count)
{
    uint64_t flags = take_lock();

    uart_write(&uart, bytes, count);
    vga_write(bytes, count);
    drop_lock(flags);
}

size_t console_read(char *bytes, size_t size)
{
    uint64_t flags = take_lock();
    size_t count = uart_read(&uart, bytes, size);

    drop_lock(flags);
    return count;
}

void console_drain(void)
{
    uint64_t flags = take_lock();

    uart_drain(&uart);
    drop_lock(flags);
}

void console_panic(void)
{
    lock_is_broken = true;
}

void kvprintf(const char *format, va_list arguments)
{
    uint64_t flags = take_lock();
    int length = vsnprintf(message, sizeof(message), format, arguments);

    if (length > 0)
        write_locked(message,
                     (size_t)length < sizeof(message) ? (size_t)length : sizeof(message) - 1);
    drop_lock(flags);
}

void kprintf(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    kvprintf(format, arguments);
    va_end(arguments);
}
