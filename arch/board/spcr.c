// SPDX-License-Identifier: MIT
#include "arch/board/spcr.h"
#include "arch/chipset/acpi_address.h"

#include <stdbool.h>

#include <asm/errno.h>

#include "arch/board/uart_memory.h"

#define SPCR_INTERFACE 36
#define SPCR_ADDRESS   40
#define SPCR_BAUD      58

/* Numbers of Microsoft's Debug Port Table 2, of which these are register by register 16550s. */
#define INTERFACE_16550         0x00
#define INTERFACE_16450         0x01
#define INTERFACE_16550_GENERIC 0x12 /* as the generic address says */

#define ACCESS_32_BITS 3

/* The speed by its number in the table; 0, as it is set, for those that are not in it. */
static unsigned int baud_of(uint64_t number)
{
    static const unsigned int bauds[] = {[3] = 9600, [4] = 19200, [6] = 57600, [7] = 115200};

    return number < array_size(bauds) ? bauds[number] : 0;
}

static bool is_16550(uint64_t interface)
{
    return interface == INTERFACE_16550 || interface == INTERFACE_16450 ||
           interface == INTERFACE_16550_GENERIC;
}

int spcr_read(const struct acpi_header *spcr, struct uart_place *place)
{
    struct acpi_address base = acpi_address_field(spcr, SPCR_ADDRESS);

    if (!base.address)
        return -ENOENT;
    if (!is_16550(acpi_field(spcr, SPCR_INTERFACE, 1)))
        return -EINVAL;
    if (base.space == ACPI_SPACE_IO && base.address <= UINT16_MAX - UART_REGISTERS) {
        unsigned int baud = baud_of(acpi_field(spcr, SPCR_BAUD, 1));
        *place = (struct uart_place){NULL, base.address, baud};
        return 0;
    }
    if (base.space != ACPI_SPACE_MEMORY)
        return -EINVAL;
    bool wide = base.access_size == ACCESS_32_BITS || base.bit_width == 32;
    *place = (struct uart_place){wide ? &uart_memory_32 : &uart_memory_8, base.address, 0};
    return 0;
}
