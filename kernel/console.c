// SPDX-License-Identifier: MIT
/*
 * The console, over one UART and a screen.
 *
 * One lock, taken with interrupts off, keeps each message whole. A UART that is opened late is
 * given the log first, so that it misses nothing; so is a screen.
 */
#include "kernel/console.h"

#include "arch/cpu.h"
#include "arch/layout.h"
#include "arch/screen.h"
#include "arch/spcr.h"
#include "arch/spinlock.h"
#include "arch/uart.h"
#include "kernel/display.h"
#include "kernel/log.h"
#include "kernel/uart_words.h"
#include "libc/core/format.h"
#include "libc/include/string.h"

static struct spinlock console_lock = SPINLOCK_INIT("console");
static bool lock_is_broken;
static bool is_in_line; /* a line has been begun and not ended */
static unsigned int shown_below = LEVEL_DEFAULT_SHOWN;
static struct uart uart;
static const char *uart_source; /* who named the UART */

static bool has_words;          /* console= was there */
static struct uart_place named; /* by it; UART_NOWHERE: none that can be */
static void *(*map_device)(paddr_t, size_t);

/* Collects the pieces of a message, so that the devices are written to in few calls. */
static struct {
    char bytes[256];
    size_t count;
    unsigned int level;
    unsigned int privacy; /* 0 or LOG_PRIVATE */
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

/* ---- the UART ---- */

/* What was said before a device was there. */
static void write_log(void (*write)(const char *bytes, size_t count))
{
    char bytes[LOG_LEVEL_SIZE + 64];
    uint64_t position = 0;
    unsigned int level = 0;
    bool at_line_start = true;
    size_t count;

    while ((count = log_read(&position, bytes, sizeof(bytes), true))) {
        size_t skipped = at_line_start ? LOG_LEVEL_SIZE : 0;
        if (at_line_start)
            level = log_level(bytes);
        if (level < shown_below)
            write(bytes + skipped, count - skipped);
        at_line_start = bytes[count - 1] == '\n';
    }
}

static bool open_uart(const struct uart_place *place, const char *source)
{
    size_t size = UART_REGISTERS * place->stride;
    void *registers = NULL;

    if (place->space == UART_NOWHERE)
        return false;
    if (place->space == UART_MEMORY) {
        if (place->address > (1ul << cpu_physical_bits()) - size)
            return false;
        registers = map_device(paddr(place->address), size);
        if (!registers)
            return false;
    }
    if (!uart_init(&uart, place, registers))
        return false;
    uart_source = source;
    write_log(write_lines);
    return true;
}

static bool open_named(void)
{
    return open_uart(&named, "as console= says");
}

static bool open_by_spcr(const struct acpi *acpi)
{
    const struct acpi_header *spcr = acpi_find(acpi, "SPCR");
    struct uart_place place;

    return spcr && !spcr_read(spcr, &place) && open_uart(&place, "as the SPCR table says");
}

static bool open_legacy(void)
{
    for (unsigned int i = 0; i < UART_LEGACY_COUNT; i++) {
        struct uart_place place = {UART_PORTS, 1, uart_legacy_ports[i], UART_BAUD_MAX};
        if (open_uart(&place, "the first of the ports of old"))
            return true;
    }
    return false;
}

static bool has_uart(void)
{
    return uart.place.space != UART_NOWHERE;
}

/* The tables of the entry show the first 4 GiB in the direct map. */
static void *map_early(paddr_t address, size_t size)
{
    return address.value + size <= EARLY_DIRECT_MAP_SIZE ? direct_map(address) : NULL;
}

void console_set_level(unsigned int level)
{
    shown_below = level > 0 ? level : 1;
}

void console_init(const char *words)
{
    map_device = map_early;
    has_words = words;
    if (words && uart_words_read(words, &named))
        named.space = UART_NOWHERE;
    open_named();
}

void console_remap(void *(*map)(paddr_t, size_t))
{
    map_device = map;
    if (display_remap())
        write_log(screen_write);
    if (!has_uart())
        open_named();
    else if (uart.place.space == UART_MEMORY)
        uart.registers = map(paddr(uart.place.address), UART_REGISTERS * uart.place.stride);
}

void console_find_uart(const struct acpi *acpi)
{
    if (has_words && !has_uart())
        kprintf(KERN_WARNING "console    console= names no serial port that answers; see docs/\n");
    if (!has_uart() && !open_by_spcr(acpi) && !open_legacy())
        kprintf(KERN_WARNING "console    there is no serial port\n");
    else
        kprintf("console    UART at %s %#lx, %s\n",
                uart.place.space == UART_PORTS ? "port" : "physical", uart.place.address,
                uart_source);
}

bool console_has_port(uint16_t port)
{
    return uart.place.space == UART_PORTS && uart.place.address == port;
}

/* ---- writing and reading ---- */

static void write_locked(const char *bytes, size_t count)
{
    if (count == 0)
        return;
    is_in_line = true; /* should a panic interrupt this */
    write_lines(bytes, count);
    screen_write(bytes, count);
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
    screen_write(bytes, count);
    drop_lock(flags);
}

size_t console_read(char *bytes, size_t size)
{
    uint64_t flags = take_lock();
    size_t count = uart_read(&uart, bytes, size);

    drop_lock(flags);
    return count;
}

uint64_t console_log_tail(size_t size)
{
    uint64_t flags = take_lock();
    uint64_t position = log_tail(size);

    drop_lock(flags);
    return position;
}

size_t console_log_read(uint64_t *position, char *bytes, size_t size, bool with_private)
{
    uint64_t flags = take_lock();
    size_t count = log_read(position, bytes, size, with_private);

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
    shown_below = LEVEL_COUNT;
    message.count = 0;
    if (!has_uart())
        open_legacy();
    if (is_in_line)
        write_locked("\n", 1);
}

static void flush_message(void)
{
    log_write(message.level | message.privacy, message.bytes, message.count);
    if (message.level < shown_below)
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

static void print(unsigned int privacy, const char *format, va_list arguments)
{
    uint64_t flags = take_lock();

    message.privacy = privacy;
    message.level = LEVEL_INFO;
    if (format[0] == KERN_SOH[0]) {
        message.level = (unsigned int)(format[1] - '0');
        format += 2;
    }
    format_output(add_to_message, NULL, format, arguments);
    flush_message();
    drop_lock(flags);
}

void kvprintf(const char *format, va_list arguments)
{
    print(0, format, arguments);
}

void kprintf(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print(0, format, arguments);
    va_end(arguments);
}

void kprintf_private(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print(LOG_PRIVATE, format, arguments);
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
