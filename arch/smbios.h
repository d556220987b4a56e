// SPDX-License-Identifier: MIT
/*
 * SMBIOS: the firmware's inventory of the board (DSP0134, version 3.4). The entry point is named by
 * UEFI's system table, or found where a BIOS has it.
 */
#ifndef ARCH_SMBIOS_H
#define ARCH_SMBIOS_H

#include "arch/acpi.h"

struct smbios {
    const uint8_t *structures; /* NULL: there is no SMBIOS */
    size_t size;               /* bytes of them all */
};

/* Opens the structures, if any; efi is the physical address of UEFI's system table, or 0. */
void smbios_open(struct smbios *smbios, const struct acpi_access *access, uint64_t efi);

/* The first structure of a type, of which size bytes are there; NULL when there is none. */
const uint8_t *smbios_find(const struct smbios *smbios, uint8_t type, size_t size);

#endif
