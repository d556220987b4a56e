// SPDX-License-Identifier: MIT
#include "arch/board/smbios.h"

#include <stdbool.h>

#include "libc/include/string.h"

#define BIOS_AREA      0xf0000
#define BIOS_AREA_SIZE 0x10000
#define ENTRY_ALIGN    16
#define ENTRY_SIZE_MAX 32
#define SIZE_MAX_SANE  (1u << 20)

/* A structure begins with its type, its length and a handle; strings follow, then two zeros. */
#define STRUCTURE_HEADER 4
#define TYPE_END         127

/* UEFI specification 2.9, 4.3: the system table. */
#define EFI_SIGNATURE       0x5453595320494249ul /* "IBI SYST" */
#define EFI_TABLE_SIZE      120
#define EFI_ENTRY_COUNT     104
#define EFI_ENTRIES         112
#define EFI_ENTRY_SIZE      24 /* a GUID and a pointer */
#define EFI_ENTRY_COUNT_MAX 256

/* The two kinds of entry point: DSP0134, 5.2.1 and 5.2.2. */
static const struct entry_kind {
    const char *anchor;
    size_t length_at; /* of the entry's length, over all of which its checksum is */
    size_t size_at;   /* of the structures' size in bytes, and how wide that is */
    size_t size_bytes;
    size_t address_at; /* of their address, likewise */
    size_t address_bytes;
    uint8_t guid[16];
} kinds[] = {
    {"_SM3_",
     6,
     12,
     4,
     16,
     8,
     {0x44, 0x15, 0xfd, 0xf2, 0x94, 0x97, 0x2c, 0x4a, 0x99, 0x2e, 0xe5, 0xbb, 0xcf, 0x20, 0xe3,
      0x94}},
    {"_SM_",
     5,
     22,
     2,
     24,
     4,
     {0x31, 0x2d, 0x9d, 0xeb, 0x88, 0x2d, 0xd3, 0x11, 0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1,
      0x4d}},
};

static uint64_t number_at(const uint8_t *bytes, size_t size)
{
    uint64_t value = 0;

    memcpy(&value, bytes, size);
    return value;
}

static bool is_entry(const struct entry_kind *kind, const uint8_t *entry)
{
    uint8_t sum = 0, length = entry[kind->length_at];

    if (memcmp(entry, kind->anchor, strlen(kind->anchor)) || length > ENTRY_SIZE_MAX ||
        length < kind->address_at + kind->address_bytes)
        return false;
    for (size_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + entry[i]);
    return sum == 0;
}

static bool open_entry(struct smbios *smbios, const struct acpi_access *access,
                       const uint8_t *entry)
{
    for (unsigned int i = 0; i < array_size(kinds); i++) {
        const struct entry_kind *kind = &kinds[i];
        if (!is_entry(kind, entry))
            continue;
        uint64_t address = number_at(entry + kind->address_at, kind->address_bytes);
        size_t size = number_at(entry + kind->size_at, kind->size_bytes);
        if (!address || !size || size > SIZE_MAX_SANE)
            continue;
        smbios->structures = access->map(paddr(address), size);
        smbios->size = smbios->structures ? size : 0;
        return smbios->structures;
    }
    return false;
}

static bool open_in_bios(struct smbios *smbios, const struct acpi_access *access)
{
    const uint8_t *area = access->map(paddr(BIOS_AREA), BIOS_AREA_SIZE);

    for (size_t at = 0; area && at + ENTRY_SIZE_MAX <= BIOS_AREA_SIZE; at += ENTRY_ALIGN)
        if (open_entry(smbios, access, area + at))
            return true;
    return false;
}

/* The address that the system table has for one kind of entry point; 0 when it has none. */
static uint64_t efi_find(const uint8_t *entries, uint64_t count, const struct entry_kind *kind)
{
    for (uint64_t i = 0; i < count; i++)
        if (!memcmp(entries + i * EFI_ENTRY_SIZE, kind->guid, sizeof(kind->guid)))
            return number_at(entries + i * EFI_ENTRY_SIZE + sizeof(kind->guid), 8);
    return 0;
}

static void open_by_efi(struct smbios *smbios, const struct acpi_access *access, uint64_t efi)
{
    const uint8_t *table = access->map(paddr(efi), EFI_TABLE_SIZE);

    if (!table || number_at(table, 8) != EFI_SIGNATURE)
        return;
    uint64_t count = number_at(table + EFI_ENTRY_COUNT, 8);
    uint64_t address = number_at(table + EFI_ENTRIES, 8);
    if (!address || count > EFI_ENTRY_COUNT_MAX)
        return;
    const uint8_t *entries = access->map(paddr(address), count * EFI_ENTRY_SIZE);
    for (unsigned int i = 0; entries && i < array_size(kinds); i++) {
        uint64_t found = efi_find(entries, count, &kinds[i]);
        const uint8_t *entry = found ? access->map(paddr(found), ENTRY_SIZE_MAX) : NULL;
        if (entry && open_entry(smbios, access, entry))
            return;
    }
}

void smbios_open(struct smbios *smbios, const struct acpi_access *access, uint64_t efi)
{
    *smbios = (struct smbios){NULL, 0};
    if (efi)
        open_by_efi(smbios, access, efi);
    else
        open_in_bios(smbios, access);
}

/* Behind the strings of the structure at an offset, or the end. */
static size_t next_structure(const struct smbios *smbios, size_t at)
{
    at += smbios->structures[at + 1];
    while (at + 2 <= smbios->size && (smbios->structures[at] || smbios->structures[at + 1]))
        at++;
    return at + 2;
}

const uint8_t *smbios_find(const struct smbios *smbios, uint8_t type, size_t size)
{
    size_t at = 0;

    while (at + STRUCTURE_HEADER <= smbios->size) {
        const uint8_t *structure = smbios->structures + at;
        size_t length = structure[1];
        if (length < STRUCTURE_HEADER || length > smbios->size - at || structure[0] == TYPE_END)
            return NULL;
        if (structure[0] == type && length >= size)
            return structure;
        at = next_structure(smbios, at);
    }
    return NULL;
}
