// SPDX-License-Identifier: MIT
/*
 * Which serial port is the console's: the one that console= names, else the one that the firmware's
 * SPCR table names, else the first of the legacy ports that answers.
 */
#include <stdbool.h>

#include "arch/board/spcr.h"
#include "arch/board/uart_memory.h"
#include "kernel/channel/channel.h"
#include "kernel/console/command_line.h"
#include "kernel/console/console.h"
#include "kernel/start/events.h"
#include "kernel/start/start.h"

static const char *source; /* who named the port */

static bool has_words; /* console= was there */
static bool has_named; /* and names one that there can be */
static struct uart_place named;

/* The map is the one by which devices are seen now. */
static bool open_port(const struct uart_place *place, enum console_map map, const char *named_by)
{
    volatile void *registers =
        place->bus ? place->bus->map(place->address, map == CONSOLE_MAP_EARLY) : NULL;

    if ((place->bus && !registers) || !console_open(place, registers))
        return false;
    source = named_by;
    return true;
}

static bool open_named(enum console_map map)
{
    return has_named && open_port(&named, map, "as console= says");
}

static int choose_port(void)
{
    char words[COMMAND_LINE_VALUE_SIZE];

    has_words = command_line_value("console", words);
    has_named = has_words && !uart_words_read(words, &named);
    open_named(CONSOLE_MAP_EARLY);
    return 1;
}

ATTACH(console_port_is_chosen, choose_port);

static void remap_port(enum console_map map)
{
    const struct uart_bus *bus = console_uart.place.bus;

    if (map == CONSOLE_MAP_EARLY)
        return;
    if (!console_uart.is_there)
        open_named(map);
    else if (bus)
        console_uart.registers = bus->map(console_uart.place.address, false);
}

ATTACH(console_maps, remap_port);

static bool open_offered(void)
{
    const struct acpi_header *spcr = acpi_find(firmware_acpi(), "SPCR");
    struct uart_place place;

    return spcr && !spcr_read(spcr, &place) &&
           open_port(&place, CONSOLE_MAP_FINAL, "as the SPCR table says");
}

static bool open_legacy(void)
{
    source = "the first legacy port";
    return console_open_legacy();
}

static void find_port(void)
{
    if (has_words && !console_uart.is_there)
        kprintf(KERN_WARNING "console    console= names no serial port that answers; see docs/\n");
    if (!console_uart.is_there && !open_offered() && !open_legacy())
        kprintf(KERN_WARNING "console    there is no serial port\n");
    else
        kprintf("console    UART at %s %#lx, %s\n", console_uart.place.bus ? "physical" : "port",
                console_uart.place.address, source);
}

ATTACH(boot_firmware, find_port);

/* ---- the channel's ---- */

static int read_channel_words(const char *words, struct uart_place *place)
{
    return !uart_words_read(words, place);
}

ATTACH(channel_port_is_named, read_channel_words);
