// SPDX-License-Identifier: MIT
#include "arch/acpi/acpi.h"

/* After the header come an address and flags, then entries that begin with a type and a length. */
#define MADT_ENTRIES 44
#define ENTRY_HEADER 2

enum madt_entry_type {
    MADT_LOCAL_APIC = 0,
    MADT_X2APIC = 9,
};

#define LOCAL_APIC_SIZE  8
#define LOCAL_APIC_ID    3
#define LOCAL_APIC_FLAGS 4
#define LOCAL_APIC_NONE  0xff /* the broadcast id; some firmware pads with it */

#define X2APIC_SIZE  16
#define X2APIC_ID    4
#define X2APIC_FLAGS 8
#define X2APIC_NONE  0xffffffff

#define FLAG_ENABLED 1u

static bool is_known(const struct madt *madt, uint32_t id)
{
    for (unsigned int i = 0; i < madt->count; i++)
        if (madt->apic_ids[i] == id)
            return true;
    return false;
}

/* A CPU that is only marked as online capable is not there now. */
static void add_cpu(struct madt *madt, uint32_t id, uint32_t none, uint32_t flags)
{
    if (id == none)
        return;
    if (!(flags & FLAG_ENABLED))
        madt->disabled++;
    else if (is_known(madt, id))
        return;
    else if (madt->count == CPU_MAX)
        madt->dropped++;
    else
        madt->apic_ids[madt->count++] = id;
}

static void read_entry(const struct acpi_header *table, size_t at, size_t length,
                       const struct acpi_access *access, struct madt *madt)
{
    uint64_t type = acpi_field(table, at, 1);

    if (type == MADT_LOCAL_APIC && length >= LOCAL_APIC_SIZE)
        add_cpu(madt, (uint32_t)acpi_field(table, at + LOCAL_APIC_ID, 1), LOCAL_APIC_NONE,
                (uint32_t)acpi_field(table, at + LOCAL_APIC_FLAGS, 4));
    else if (type == MADT_X2APIC && length >= X2APIC_SIZE)
        add_cpu(madt, (uint32_t)acpi_field(table, at + X2APIC_ID, 4), X2APIC_NONE,
                (uint32_t)acpi_field(table, at + X2APIC_FLAGS, 4));
    else if (type == MADT_LOCAL_APIC || type == MADT_X2APIC)
        access->complain("APIC", "has an entry for a CPU that is too short; its bytes:", length);
}

void madt_read(const struct acpi_header *table, const struct acpi_access *access, struct madt *madt)
{
    size_t at = MADT_ENTRIES;

    *madt = (struct madt){.count = 0};
    while (at + ENTRY_HEADER <= table->length) {
        size_t length = acpi_field(table, at + 1, 1);
        if (length < ENTRY_HEADER || length > table->length - at) {
            access->complain("APIC", "has an entry of impossible length, at offset", at);
            break;
        }
        read_entry(table, at, length, access, madt);
        at += length;
    }
    if (madt->dropped)
        access->complain("APIC", "has more CPUs than Latchkey can use, by", madt->dropped);
}
