// SPDX-License-Identifier: MIT
/*
 * The console, over one UART and what rooms above show (kernel/console/events.h).
 *
 * One lock, taken with interrupts off, keeps each message whole.
 */
#include "kernel/console/console.h"

#include "arch/cpu/cpu.h"
#include "arch/lock/spinlock.h"
#include "kernel/console/events.h"
#include "kernel/console/uart.h"
#include "libc/core/format.h"
#include "libc/include/string.h"

struct uart console_uart;

static struct spinlock lock = SPINLOCK_INIT("console");
static bool lock_is_broken;
static bool is_in_line; /* a line has been begun and not ended */
static unsigned int shown_below = LEVEL_DEFAULT_SHOWN;

/* Collects the pieces of a message, so that the devices are written to in few calls. */
static struct {
    char bytes[256];
    size_t count;
    unsigned int level;
    unsigned int privacy; /* 0 or LOG_PRIVATE */
} message;

uint64_t console_lock(void)
{
    return lock_is_broken ? irq_save() : spin_lock_irqsave(&lock);
}

void console_unlock(uint64_t flags)
{
    if (lock_is_broken)
        irq_restore(flags);
    else
        spin_unlock_irqrestore(&lock, flags);
}

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

void console_set_level(unsigned int level)
{
    shown_below = level > 0 ? level : 1;
}

void console_show_log(void (*write)(const char *bytes, size_t count))
{
    const struct log *log = &kernel_log;
    uint64_t at = 0;

    if (log->written > LOG_SIZE) /* the oldest line may have lost its beginning */
        for (at = log->written - LOG_SIZE; log->ring[at++ % LOG_SIZE] != '\n';)
            ;
    while (at < log->written) {
        unsigned int level = (unsigned int)(log->ring[(at + 1) % LOG_SIZE] & ~LOG_PRIVATE) - '0';
        char byte = '\0';
        for (at += LOG_LEVEL_SIZE; at < log->written && byte != '\n'; at++) {
            byte = log->ring[at % LOG_SIZE];
            if (level < shown_below)
                write(&byte, 1);
        }
    }
}

/* ---- the serial port: one that is opened late is given the log first ---- */

static const char *uart_source; /* who named the UART */

static bool has_words; /* console= was there */
static bool has_named; /* and names one that there can be */
static struct uart_place named;
static bool is_early = true; /* devices are seen through the early direct map, up to 4 GiB */

static bool open_uart(const struct uart_place *place, const char *source)
{
    volatile void *registers = place->bus ? place->bus->map(place->address, is_early) : NULL;

    if ((place->bus && !registers) || !uart_init(&console_uart, place, registers))
        return false;
    uart_source = source;
    console_show_log(write_lines);
    return true;
}

static bool open_named(void)
{
    return has_named && open_uart(&named, "as console= says");
}

static bool open_offered(const struct acpi *acpi)
{
    struct console_offer offer;

    return ASK(console_wants_uart, acpi, &offer) && open_uart(&offer.place, offer.source);
}

static bool open_legacy(void)
{
    for (unsigned int i = 0; i < UART_LEGACY_COUNT; i++) {
        struct uart_place place = {NULL, uart_legacy_ports[i], UART_BAUD_MAX};
        if (open_uart(&place, "the first legacy port"))
            return true;
    }
    return false;
}

void console_init(const char *words)
{
    TELL(console_maps, CONSOLE_MAP_EARLY);
    has_words = words;
    has_named = words && !uart_words_read(words, &named);
    open_named();
}

void console_remap(void)
{
    const struct uart_bus *bus = console_uart.place.bus;

    is_early = false;
    if (!console_uart.is_there)
        open_named();
    else if (bus)
        console_uart.registers = bus->map(console_uart.place.address, false);
    TELL(console_maps, CONSOLE_MAP_FINAL);
}

void console_find_uart(const struct acpi *acpi)
{
    if (has_words && !console_uart.is_there)
        kprintf(KERN_WARNING "console    console= names no serial port that answers; see docs/\n");
    if (!console_uart.is_there && !open_offered(acpi) && !open_legacy())
        kprintf(KERN_WARNING "console    there is no serial port\n");
    else
        kprintf("console    UART at %s %#lx, %s\n", console_uart.place.bus ? "physical" : "port",
                console_uart.place.address, uart_source);
}

bool console_has_port(uint16_t port)
{
    return console_uart.is_there && !console_uart.place.bus && console_uart.place.address == port;
}

/* ---- messages ---- */

static void write_locked(const char *bytes, size_t count)
{
    if (count == 0)
        return;
    is_in_line = true; /* should a panic interrupt this */
    write_lines(bytes, count);
    TELL(console_shows, bytes, count);
    is_in_line = bytes[count - 1] != '\n';
}

void console_drain(void)
{
    uint64_t flags = console_lock();

    uart_drain(&console_uart);
    console_unlock(flags);
}

/* A message that was interrupted has no end: the report begins on a line of its own. */
void console_panic(void)
{
    lock_is_broken = true;
    shown_below = LEVEL_COUNT;
    message.count = 0;
    if (!console_uart.is_there)
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
    uint64_t flags = console_lock();

    message.privacy = privacy;
    message.level = LEVEL_INFO;
    if (format[0] == KERN_SOH[0]) {
        message.level = (unsigned int)(format[1] - '0');
        format += 2;
    }
    format_output(add_to_message, NULL, format, arguments);
    flush_message();
    console_unlock(flags);
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
