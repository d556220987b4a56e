// SPDX-License-Identifier: MIT
/*
 * SMBIOS, by UEFI's system table or in the BIOS, and what it says of a BMC. The input is the
 * address of the system table, or 0, and physical memory from an address on; without a system table
 * that memory lies at the end of the BIOS's area, too.
 */
#include "arch/board/smbios.h"

#include <stdbool.h>

#include "arch/board/ipmi.h"
#include "libc/include/string.h"
#include "tests/parsers/support/harness.h"

#define MEMORY_BASE    0x1000
#define BIOS_AREA      0xf0000
#define BIOS_AREA_SIZE 0x10000
#define ENTRY_SIZE_MAX 32
#define ENTRY_ALIGN    16

static const uint8_t *input;
static size_t input_size;

/* An entry point's checksum is over as many bytes as it says. */
static void seal_entry(uint8_t *entry)
{
    bool is_3 = !memcmp(entry, "_SM3_", 5);
    uint8_t length = entry[is_3 ? 6 : 5];

    if ((is_3 || !memcmp(entry, "_SM_", 4)) && length > 6 && length <= ENTRY_SIZE_MAX)
        seal(entry, length, is_3 ? 5 : 4);
}

static const void *show_bios(void)
{
    uint8_t *bios = bios_area(BIOS_AREA_SIZE, input, input_size);
    size_t first = (BIOS_AREA_SIZE - input_size) / ENTRY_ALIGN * ENTRY_ALIGN;

    for (size_t at = first; at + ENTRY_SIZE_MAX <= BIOS_AREA_SIZE; at += ENTRY_ALIGN)
        seal_entry(bios + at);
    return bios;
}

static const void *show(paddr_t address, size_t size)
{
    if (address.value == BIOS_AREA && size == BIOS_AREA_SIZE)
        return show_bios();
    uint8_t *bytes = (uint8_t *)(uintptr_t)memory_show(address, size);
    if (bytes && size == ENTRY_SIZE_MAX)
        seal_entry(bytes);
    return bytes;
}

static const struct acpi_access access = {show, NULL};

static void check_found(const struct smbios *smbios, uint8_t type, size_t size)
{
    const uint8_t *found = smbios_find(smbios, type, size);

    if (!found)
        return;
    expect(found >= smbios->structures && size <= smbios->size);
    expect((size_t)(found - smbios->structures) <= smbios->size - size);
    expect(found[0] == type && found[1] >= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const uint8_t types[] = {0, 1, 38, 127};
    struct smbios smbios;
    struct ipmi_place bmc;
    uint64_t efi;

    if (size < sizeof(efi) || size > BIOS_AREA_SIZE)
        return 0;
    memcpy(&efi, bytes, sizeof(efi));
    input = bytes + sizeof(efi);
    input_size = size - sizeof(efi);
    memory_set(MEMORY_BASE, input, input_size);
    smbios_open(&smbios, &access, efi);
    for (unsigned int i = 0; i < array_size(types); i++)
        check_found(&smbios, types[i], 17);
    if (!ipmi_place_of_smbios(&smbios, &bmc))
        expect(bmc.address && (!bmc.is_port || bmc.address + bmc.spacing <= UINT16_MAX));
    memory_forget();
    return 0;
}
