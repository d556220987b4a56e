// SPDX-License-Identifier: MIT
#include "arch/chipset/fadt.h"

#include "libc/include/string.h"

#define FADT_DSDT        40
#define FADT_SMI_CMD     48
#define FADT_ACPI_ENABLE 52
#define FADT_BOOT_ARCH   109
#define FADT_RESET_REG   116
#define FADT_RESET_VALUE 128
#define FADT_X_DSDT      140

#define FADT_PM1A_CNT ((struct fadt_block){64, 172})
#define FADT_PM1B_CNT ((struct fadt_block){68, 184})

#define FLAG_RESET_REG_SUP (1u << 10)

/* IAPC_BOOT_ARCH: table 5.11. Before revision 3 it means nothing. */
#define BOOT_ARCH_REVISION 3
#define BOOT_ARCH_8042     (1u << 1)
#define BOOT_ARCH_NO_VGA   (1u << 2)
#define BOOT_ARCH_NO_RTC   (1u << 5)

/* AML: specification 6.4, chapter 20.2. */
#define AML_ZERO        0x00
#define AML_ONE         0x01
#define AML_BYTE_PREFIX 0x0a
#define AML_NAME        0x08
#define AML_PACKAGE     0x12
#define AML_ROOT        '\\'

struct acpi_address fadt_register(const struct acpi_header *table, struct fadt_block block)
{
    struct acpi_address place = acpi_address_field(table, block.extended);

    if (place.address)
        return place;
    return (struct acpi_address){.space = ACPI_SPACE_IO,
                                 .address = acpi_field(table, block.port, 4)};
}

static void read_boot_flags(const struct acpi_header *table, struct fadt *fadt)
{
    uint64_t flags = acpi_field(table, FADT_BOOT_ARCH, 2);

    if (table->revision < BOOT_ARCH_REVISION)
        return;
    fadt->has_8042 = flags & BOOT_ARCH_8042;
    fadt->has_vga = !(flags & BOOT_ARCH_NO_VGA);
    fadt->has_rtc = !(flags & BOOT_ARCH_NO_RTC);
}

void fadt_read(const struct acpi_header *table, struct fadt *fadt)
{
    *fadt = (struct fadt){.has_8042 = true, .has_vga = true, .has_rtc = true};
    if (!table)
        return;
    read_boot_flags(table, fadt);
    if (acpi_field(table, FADT_FLAGS, 4) & FLAG_RESET_REG_SUP) {
        fadt->reset = acpi_address_field(table, FADT_RESET_REG);
        fadt->reset_value = (uint8_t)acpi_field(table, FADT_RESET_VALUE, 1);
    }
    fadt->pm1_control[0] = fadt_register(table, FADT_PM1A_CNT);
    fadt->pm1_control[1] = fadt_register(table, FADT_PM1B_CNT);
    fadt->smi_command = (uint16_t)acpi_field(table, FADT_SMI_CMD, 4);
    fadt->acpi_enable = (uint8_t)acpi_field(table, FADT_ACPI_ENABLE, 1);
    fadt->dsdt = acpi_field(table, FADT_X_DSDT, 8);
    if (!fadt->dsdt)
        fadt->dsdt = acpi_field(table, FADT_DSDT, 4);
}

/* ---- S5 ---- */

/* A constant of one byte at *at, which moves on behind it. */
static bool read_constant(const uint8_t **at, const uint8_t *end, uint8_t *value)
{
    if (*at < end && (**at == AML_ZERO || **at == AML_ONE)) {
        *value = *(*at)++;
        return true;
    }
    if (end - *at < 2 || **at != AML_BYTE_PREFIX)
        return false;
    *value = (*at)[1];
    *at += 2;
    return true;
}

/*
 * Behind the name: PackageOp, PkgLength (its first byte's upper two bits say how many more there
 * are), NumElements, and the elements.
 */
static bool read_package(const uint8_t *at, const uint8_t *end, uint8_t types[2])
{
    if (end - at < 3 || *at != AML_PACKAGE)
        return false;
    at += 2 + (at[1] >> 6) + 1;
    return at < end && read_constant(&at, end, &types[0]) && read_constant(&at, end, &types[1]);
}

/* The name is in the root's scope, so NameOp stands before it, with or without the root's sign. */
static bool is_defined(const uint8_t *name, const uint8_t *start)
{
    if (name - start >= 1 && name[-1] == AML_NAME)
        return true;
    return name - start >= 2 && name[-1] == AML_ROOT && name[-2] == AML_NAME;
}

bool fadt_find_s5(const struct acpi_header *dsdt, uint8_t types[2])
{
    const uint8_t *start = (const uint8_t *)(dsdt + 1);
    const uint8_t *end = (const uint8_t *)dsdt + dsdt->length;

    for (const uint8_t *at = start; end - at > 4; at++)
        if (!memcmp(at, "_S5_", 4) && is_defined(at, start) && read_package(at + 4, end, types))
            return true;
    return false;
}
