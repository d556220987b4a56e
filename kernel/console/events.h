// SPDX-License-Identifier: MIT
/* What rooms above may add to the console (arch/cpu/attach.h). */
#ifndef KERNEL_CONSOLE_EVENTS_H
#define KERNEL_CONSOLE_EVENTS_H

#include <stddef.h>

#include "arch/acpi/acpi.h"
#include "arch/cpu/attach.h"
#include "arch/device/uart.h"

enum console_map {
    CONSOLE_MAP_EARLY, /* the direct map of the entry's tables, which ends at 4 GiB */
    CONSOLE_MAP_FINAL, /* the early one is gone; mm/table/kernel_map.h maps devices from now on */
};

/*
 * Devices can be seen: told once of each map, the first time before anything was said, with no
 * memory to allocate, the second time as soon as the early map is gone, before anything else is
 * said. There is one CPU, and no lock is held, so messages may be written. A device that opens now
 * has the log shown to it by console_show_log(). It may not fail.
 */
EVENT(console_maps, void, enum console_map map);

/*
 * Bytes go to the console's devices: part of a message that its level lets through, or what a
 * terminal shows. A newline stands for itself. Under the console's lock with interrupts off, or in
 * a panic under none: no lock may be taken, nothing may wait or write a message.
 */
EVENT(console_shows, void, const char *bytes, size_t count);

/* A serial port for the console, and who named it, as a clause. */
struct console_offer {
    struct uart_place place;
    const char *source;
};

/*
 * Asked when console= has named no port that answers: is there one that the firmware names? Not 0
 * if the offer is filled in, which then has to answer to be used. Asked once, at boot on one CPU;
 * memory can be allocated.
 */
EVENT(console_wants_uart, int, const struct acpi *acpi, struct console_offer *offer);

#endif
