// SPDX-License-Identifier: MIT
#include "arch/acpi/acpi.h"

#include <stdbool.h>

#include <asm/errno.h>

#include "libc/include/string.h"

/* RSDP: table 5.3. */
#define RSDP_SIGNATURE    "RSD PTR "
#define RSDP_REVISION     15
#define RSDP_RSDT         16
#define RSDP_LENGTH       20
#define RSDP_XSDT         24
#define RSDP_SIZE_1       20 /* of revision 0, and what its first checksum is over */
#define TABLE_LENGTH_MAX  (1u << 20)
#define TABLE_ENTRIES_MAX 256u

static uint64_t read_number(const void *at, size_t size)
{
    uint64_t value = 0;

    memcpy(&value, at, size);
    return value;
}

static bool sum_is_zero(const void *bytes, size_t size)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < size; i++)
        sum = (uint8_t)(sum + ((const uint8_t *)bytes)[i]);
    return sum == 0;
}

/* Address 0 stands for no table. */
static const void *show(const struct acpi_access *access, uint64_t address, size_t size)
{
    return address ? access->map(paddr(address), size) : NULL;
}

static const void *show_or_complain(const struct acpi_access *access, const char *what,
                                    uint64_t address, size_t size)
{
    const void *bytes = show(access, address, size);

    if (!bytes)
        access->complain(what, "leads to where there can be no memory:", address);
    return bytes;
}

/* ---- the root pointer ---- */

bool acpi_is_rsdp(const void *at)
{
    return !memcmp(at, RSDP_SIGNATURE, 8) && sum_is_zero(at, RSDP_SIZE_1);
}

/* ---- tables ---- */

const struct acpi_header *acpi_open_table(const struct acpi_access *access, const char *signature,
                                          uint64_t address)
{
    const struct acpi_header *header =
        show_or_complain(access, signature, address, sizeof(*header));

    if (!header)
        return NULL;
    if (memcmp(header->signature, signature, 4)) {
        access->complain(signature, "does not begin with its name, at", address);
        return NULL;
    }
    if (header->length < sizeof(*header) || header->length > TABLE_LENGTH_MAX) {
        access->complain(signature, "has an impossible length of bytes:", header->length);
        return NULL;
    }
    header = show_or_complain(access, signature, address, header->length);
    if (header && !sum_is_zero(header, header->length)) {
        access->complain(signature, "has a wrong checksum, at", address);
        return NULL;
    }
    return header;
}

static uint64_t entry_address(const struct acpi *acpi, unsigned int number)
{
    const char *entries = (const char *)(acpi->root + 1);

    return read_number(entries + number * acpi->entry_size, acpi->entry_size);
}

/* Opens the table of tables; entries that lead nowhere are reported here, once. */
static bool open_root(struct acpi *acpi, const char *signature, uint64_t address, size_t entry_size)
{
    const struct acpi_header *root = acpi_open_table(acpi->access, signature, address);

    if (!root)
        return false;
    acpi->root = root;
    acpi->entry_size = entry_size;
    acpi->count = (unsigned int)((root->length - sizeof(*root)) / entry_size);
    if (acpi->count > TABLE_ENTRIES_MAX) {
        acpi->access->complain(signature, "has more entries than are looked at:", acpi->count);
        acpi->count = TABLE_ENTRIES_MAX;
    }
    for (unsigned int i = 0; i < acpi->count; i++)
        show_or_complain(acpi->access, signature, entry_address(acpi, i), sizeof(*root));
    return true;
}

int acpi_open(struct acpi *acpi, const struct acpi_access *access, const void *rsdp, size_t size)
{
    const uint8_t *bytes = rsdp;

    *acpi = (struct acpi){.access = access};
    if (size < RSDP_SIZE_1 || !acpi_is_rsdp(rsdp)) {
        access->complain("RSDP", "has a wrong name or checksum; its bytes:", size);
        return -ENOENT;
    }
    if (bytes[RSDP_REVISION] >= 2 && size >= ACPI_RSDP_SIZE) {
        uint64_t xsdt = read_number(bytes + RSDP_XSDT, 8);
        if (read_number(bytes + RSDP_LENGTH, 4) != ACPI_RSDP_SIZE ||
            !sum_is_zero(bytes, ACPI_RSDP_SIZE))
            access->complain("RSDP", "has a wrong second checksum or length; its revision:",
                             bytes[RSDP_REVISION]);
        else if (xsdt && open_root(acpi, "XSDT", xsdt, 8))
            return 0;
    }
    return open_root(acpi, "RSDT", read_number(bytes + RSDP_RSDT, 4), 4) ? 0 : -ENOENT;
}

const struct acpi_header *acpi_find(const struct acpi *acpi, const char *signature)
{
    for (unsigned int i = 0; i < acpi->count; i++) {
        uint64_t address = entry_address(acpi, i);
        const char *name = show(acpi->access, address, 4);
        if (!name || memcmp(name, signature, 4))
            continue;
        const struct acpi_header *table = acpi_open_table(acpi->access, signature, address);
        if (table)
            return table;
    }
    return NULL;
}

uint64_t acpi_field(const struct acpi_header *table, size_t offset, size_t size)
{
    if (offset + size > table->length)
        return 0;
    return read_number((const char *)table + offset, size);
}
