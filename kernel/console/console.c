// SPDX-License-Identifier: MIT
/*
 * Messages, and the one UART that they go to.
 *
 * One lock, taken with interrupts off, keeps each message whole.
 */
#include "kernel/console/console.h"

#include "arch/cpu/cpu.h"
#include "arch/lock/spinlock.h"
#include "libc/core/format.h"
#include "libc/include/string.h"

#define LEVEL_INFO   6
#define MESSAGE_SIZE 2048 /* the longest is the command line's; what does not fit is cut */

struct uart console_uart;

static struct spinlock lock = SPINLOCK_INIT("console");
static bool is_panic;   /* the lock is ignored, and everything is shown */
static bool is_in_line; /* a line has been begun and not ended */

uint64_t console_lock(void)
{
    return is_panic ? irq_save() : spin_lock_irqsave(&lock);
}

void console_unlock(uint64_t flags)
{
    if (is_panic)
        irq_restore(flags);
    else
        spin_unlock_irqrestore(&lock, flags);
}

/* ---- the serial port ---- */

static void write_lines(const char *bytes, size_t count)
{
    while (count) {
        const char *newline = memchr(bytes, '\n', count);
        size_t length = newline ? (size_t)(newline - bytes) : count;

        uart_write(&console_uart, bytes, length);
        if (!newline)
            return;
        uart_write(&console_uart, "\r\n", 2);
        bytes += length + 1;
        count -= length + 1;
    }
}

bool console_open(const struct uart_place *place, volatile void *registers)
{
    if (!uart_init(&console_uart, place, registers))
        return false;
    TELL(console_opens_late, write_lines);
    return true;
}

bool console_open_legacy(void)
{
    for (unsigned int i = 0; i < UART_LEGACY_COUNT; i++) {
        struct uart_place place = {NULL, uart_legacy_ports[i], UART_BAUD_MAX};
        if (console_open(&place, NULL))
            return true;
    }
    return false;
}

void console_init(void)
{
    TELL(console_maps, CONSOLE_MAP_EARLY);
    if (!ASK(console_port_is_chosen))
        console_open_legacy();
}

void console_drain(void)
{
    uint64_t flags = console_lock();

    uart_drain(&console_uart);
    console_unlock(flags);
}

/* ---- messages ---- */

static void write_locked(const char *bytes, size_t count)
{
    if (count == 0)
        return;
    is_in_line = true; /* in case a panic interrupts this */
    write_lines(bytes, count);
    TELL(console_shows, bytes, count);
    is_in_line = bytes[count - 1] != '\n';
}

/* An interrupted message is cut off, so that the report begins on a line of its own. */
void console_panic(void)
{
    is_panic = true;
    if (!console_uart.is_there)
        console_open_legacy();
    if (is_in_line)
        write_locked("\n", 1);
}

void kvprintf(const char *format, va_list arguments)
{
    static char message[MESSAGE_SIZE];
    uint64_t flags = console_lock();
    unsigned int level = LEVEL_INFO;

    if (format[0] == KERN_SOH[0]) {
        level = (unsigned int)(format[1] - '0');
        format += 2;
    }
    vsnprintf(message, sizeof(message), format, arguments);
    size_t count = strlen(message);
    if (!ASK(message_is_hidden, level, message, count) || is_panic)
        write_locked(message, count);
    console_unlock(flags);
}

void kprintf(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    kvprintf(format, arguments);
    va_end(arguments);
}

const char *console_name(char *to, size_t size, const char *name)
{
    size_t i = 0;

    for (; i + 1 < size && name[i]; i++)
        to[i] = name[i] >= ' ' && name[i] <= '~' ? name[i] : '?';
    to[i] = '\0';
    return to;
}
