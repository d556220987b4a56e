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
#include "libc/core/format.h"
#include "libc/core/parse.h"
#include "libc/include/string.h"

static struct spinlock console_lock = SPINLOCK_INIT("console");
static bool lock_is_broken;
static bool is_in_line; /* a line has been begun and not ended */
static struct uart uart;

/* Collects the pieces of a message, so that the devices are written to in few calls. */
static struct {
    char bytes[256];
    size_t count;
} message;

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

uint16_t console_parse_port(const char *words, unsigned int *baud)
{
    uint64_t value;

    if (strncmp(words, "ttyS", 4) || (words[4] != '0' && words[4] != '1'))
        return 0;
    if (words[5] == ',') {
        if (parse_u64(words + 6, &value) || !value || value > UART_BAUD_MAX)
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
    if (count == 0)
        return;
    is_in_line = true; /* should a panic interrupt this */
    write_lines(bytes, count);
    vga_write(bytes, count);
    is_in_line = bytes[count - 1] != '\n';
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

/* A message that was interrupted has no end: the report begins on a line of its own. */
void console_panic(void)
{
    lock_is_broken = true;
    message.count = 0;
    if (is_in_line)
        write_locked("\n", 1);
}

static void flush_message(void)
{
    write_locked(message.bytes, message.count);
    message.count = 0;
}

static void add_to_message(void *context, const char *bytes, size_t count)
{
    (void)context;
    while (count) {
        size_t piece = sizeof(message.bytes) - message.count;

        if (piece > count)
            piece = count;
        memcpy(message.bytes + message.count, bytes, piece);
        message.count += piece;
        bytes += piece;
        count -= piece;
        if (message.count == sizeof(message.bytes))
            flush_message();
    }
}

void kvprintf(const char *format, va_list arguments)
{
    uint64_t flags = take_lock();

    format_output(add_to_message, NULL, format, arguments);
    flush_message();
    drop_lock(flags);
}

void kprintf(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    kvprintf(format, arguments);
    va_end(arguments);
}
