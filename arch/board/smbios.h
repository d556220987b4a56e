// SPDX-License-Identifier: MIT
/*
 * SMBIOS: the firmware's inventory of the board (DSP0134, version 3.4). The entry point is named by
 * UEFI's system table, or found where a BIOS has it.
 *
 * SMBIOS is one of the things this room owns that some boards have and the kernel can run without:
 * the BMC behind IPMI, machine-check banks, the serial port that SPCR names, and images of the FPU
 * where XSAVE cannot be turned on. What is found goes down by events and by what is provided
 * (arch/fpu/fpu.h); ACPI's common tables are arch/acpi/'s, and the report of a machine check is
 * kernel/report/'s.
 */
#ifndef ARCH_BOARD_SMBIOS_H
#define ARCH_BOARD_SMBIOS_H

#include "arch/acpi/acpi.h"

struct smbios {
    const uint8_t *structures; /* NULL: there is no SMBIOS */
    size_t size;               /* bytes of them all */
};

/* Opens the structures, if any; efi is the physical address of UEFI's system table, or 0. */
void smbios_open(struct smbios *smbios, const struct acpi_access *access, uint64_t efi);

/* The first structure of a type, of which size bytes are there; NULL when there is none. */
const uint8_t *smbios_find(const struct smbios *smbios, uint8_t type, size_t size);

#endif
