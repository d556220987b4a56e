// SPDX-License-Identifier: MIT
/* Where a register is, as ACPI's tables say it: the generic address structure, table 5.1. */
#ifndef ARCH_CHIPSET_ACPI_ADDRESS_H
#define ARCH_CHIPSET_ACPI_ADDRESS_H

#include "arch/acpi/acpi.h"

struct acpi_address {
    uint8_t space; /* enum acpi_space */
    uint8_t bit_width, bit_offset;
    uint8_t access_size; /* 0: not said; 1 to 4: 8, 16, 32, 64 bits */
    uint64_t address;
} __attribute__((packed));

_Static_assert(sizeof(struct acpi_address) == 12, "ACPI 6.4, table 5.1");

enum acpi_space {
    ACPI_SPACE_MEMORY = 0,
    ACPI_SPACE_IO = 1,
    ACPI_SPACE_PCI = 2, /* configuration space */
};

/* The generic address at an offset of a table; its address is 0 where the table is too short. */
struct acpi_address acpi_address_field(const struct acpi_header *table, size_t offset);

#endif
