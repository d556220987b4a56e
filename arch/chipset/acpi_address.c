// SPDX-License-Identifier: MIT
#include "arch/chipset/acpi_address.h"

#include "libc/include/string.h"

struct acpi_address acpi_address_field(const struct acpi_header *table, size_t offset)
{
    struct acpi_address address = {0};

    if (offset + sizeof(address) <= table->length)
        memcpy(&address, (const char *)table + offset, sizeof(address));
    return address;
}
