// SPDX-License-Identifier: MIT
/*
 * ACPI's static tables: finding and checking them (ACPI specification 6.4, 5.2).
 *
 *   RSDP --> XSDT (or RSDT) --> MADT "APIC", FADT "FACP", HPET ...
 *
 * Firmware is not trusted: a table counts only if its address, its length and its checksum are
 * sound; any other is reported in words and skipped. The caller provides mapping and reporting, so
 * that tests can give these functions tables of any kind.
 *
 * The room owns the tables that nearly every machine has. It leaves their use to
 * kernel/start/start.h, and those that only some boards have (SPCR, SPMI) to arch/board/.
 */
#ifndef ARCH_ACPI_ACPI_H
#define ARCH_ACPI_ACPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/cpu/attach.h"
#include "arch/cpu/cpu_set.h"
#include "arch/cpu/types.h"

struct acpi_access {
    /*
     * Maps [address, address + size) for good and read-only; NULL when that is not possible: the
     * address comes from firmware, and may be any number.
     */
    const void *(*map)(paddr_t address, size_t size);
    /* what: a table's name; problem: what is wrong with it, with a number from it. */
    void (*complain)(const char *what, const char *problem, uint64_t number);
};

#define ACPI_RSDP_SIZE 36

/* Every table except the RSDP begins with this: table 5.4. */
struct acpi_header {
    char signature[4];
    uint32_t length; /* bytes, this header included */
    uint8_t revision;
    uint8_t checksum; /* makes the sum of all bytes 0 */
    char oem_id[6];
    char oem_table_id[8];
    uint32_t oem_revision;
    uint32_t creator_id;
    uint32_t creator_revision;
} __attribute__((packed));

_Static_assert(sizeof(struct acpi_header) == 36, "ACPI 6.4, table 5.4");

struct acpi {
    const struct acpi_access *access;
    const struct acpi_header *root; /* the XSDT or RSDT; NULL: no table can be found */
    size_t entry_size;              /* of an address in it: 8 or 4 bytes */
    unsigned int count;             /* of addresses in it */
};

/* Whether an RSDP's first 20 bytes lie there: its name, and the right checksum. */
bool acpi_is_rsdp(const void *at);

/* The loader has named no RSDP: not 0 if one was found and copied. At boot, on one CPU. */
EVENT(rsdp_is_sought, int, const struct acpi_access *access, uint8_t rsdp[ACPI_RSDP_SIZE]);

/*
 * Opens the table of tables that an RSDP of size bytes (20 or 36) names: the XSDT, or the RSDT
 * where there is no XSDT or it is bad. Returns 0, or -ENOENT when neither can be used.
 */
int acpi_open(struct acpi *acpi, const struct acpi_access *access, const void *rsdp, size_t size);

/* The first sound table with a signature of four letters, mapped for good; NULL when none is. */
const struct acpi_header *acpi_find(const struct acpi *acpi, const char *signature);

/* The table at an address, mapped for good, if it is sound and has that signature; else NULL. */
const struct acpi_header *acpi_open_table(const struct acpi_access *access, const char *signature,
                                          uint64_t address);

/* size bytes (1, 2, 4 or 8) of a table at an offset; 0 where the table is too short for them. */
uint64_t acpi_field(const struct acpi_header *table, size_t offset, size_t size);

/* ---- the MADT, the list of the machine's CPUs: 5.2.12 ---- */

struct madt {
    unsigned int count;    /* of CPUs that may be started */
    unsigned int disabled; /* others, turned off by the firmware: not to be started */
    unsigned int dropped;  /* more, beyond CPU_MAX */
    uint32_t apic_ids[CPU_MAX];
};

/*
 * Reads the CPUs from a MADT whose checksum is right, in its order, each id once. Malformed entries
 * are reported by complain and skipped; one with an impossible length ends the list.
 */
void madt_read(const struct acpi_header *table, const struct acpi_access *access,
               struct madt *madt);

#endif
