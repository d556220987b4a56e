// SPDX-License-Identifier: MIT
/* The MADT, ACPI's list of the machine's CPUs (ACPI specification 6.4, 5.2.12). */
#ifndef ARCH_MADT_H
#define ARCH_MADT_H

#include "arch/acpi.h"
#include "arch/cpu_set.h"

struct madt {
    unsigned int count;    /* of CPUs that may be started */
    unsigned int disabled; /* more, that must not be: the firmware has turned them off */
    unsigned int dropped;  /* more, beyond CPU_MAX */
    uint32_t apic_ids[CPU_MAX];
};

/*
 * Reads the CPUs from a MADT whose checksum is right, in its order, each id once. Entries that
 * make no sense are told to complain and passed over; one without a length ends the list.
 */
void madt_read(const struct acpi_header *table, const struct acpi_access *access,
               struct madt *madt);

#endif
