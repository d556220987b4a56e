// SPDX-License-Identifier: MIT
/*
 * ACPI's root pointer where a BIOS has it: the first KiB of the EBDA, then the last 128 KiB below
 * 1 MiB (ACPI specification 6.4, 5.2.5.1).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/chipset/chipset.h"
#include "arch/cpu/layout.h"
#include "libc/include/string.h"

#define RSDP_ALIGN     16
#define EBDA_SEGMENT   0x40e /* BIOS data area: the word that says where the EBDA is */
#define EBDA_SEARCHED  1024
#define BIOS_AREA      0xe0000
#define BIOS_AREA_SIZE 0x20000

static bool search(const struct acpi_access *access, uint64_t address, size_t size,
                   uint8_t rsdp[ACPI_RSDP_SIZE])
{
    const uint8_t *area = access->map(paddr(address), size);

    for (size_t at = 0; area && at + ACPI_RSDP_SIZE <= size; at += RSDP_ALIGN) {
        if (!acpi_is_rsdp(area + at))
            continue;
        memcpy(rsdp, area + at, ACPI_RSDP_SIZE);
        return true;
    }
    return false;
}

int acpi_search_rsdp(const struct acpi_access *access, uint8_t rsdp[ACPI_RSDP_SIZE])
{
    const uint16_t *segment = access->map(paddr(EBDA_SEGMENT), 2);
    uint64_t ebda = segment ? (uint64_t)*segment << 4 : 0;

    if (ebda >= PAGE_SIZE && ebda + EBDA_SEARCHED <= LOW_MEMORY_END &&
        search(access, ebda, EBDA_SEARCHED, rsdp))
        return true;
    return search(access, BIOS_AREA, BIOS_AREA_SIZE, rsdp);
}

ATTACH(rsdp_is_sought, acpi_search_rsdp);
