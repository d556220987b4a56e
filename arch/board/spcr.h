// SPDX-License-Identifier: MIT
/*
 * ACPI's SPCR table: the serial port that the firmware itself uses as its console (Microsoft,
 * Serial Port Console Redirection Table, revision 4).
 */
#ifndef ARCH_BOARD_SPCR_H
#define ARCH_BOARD_SPCR_H

#include "arch/acpi/acpi.h"
#include "arch/device/uart.h"

/*
 * The port that a sound SPCR names: 0, -ENOENT when it names none (redirection is turned off), or
 * -EINVAL when that is no 16550 in ports or memory. The speed of one in memory is left as the
 * firmware has set it, since its clock is not known.
 */
int spcr_read(const struct acpi_header *spcr, struct uart_place *place);

#endif
