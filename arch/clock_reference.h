// SPDX-License-Identifier: MIT
/*
 * Counters of a known rate, to measure the TSC and the APIC timer by. A machine may lack any.
 *
 *   PIT              1,193,182 Hz    by ports of old (Intel 8254 data sheet)
 *   ACPI PM timer    3,579,545 Hz    where the FADT says (ACPI specification 6.4, 4.8.3.3)
 *   HPET             says its rate   where the HPET table says (IA-PC HPET specification 1.0a)
 */
#ifndef ARCH_CLOCK_REFERENCE_H
#define ARCH_CLOCK_REFERENCE_H

#include <stdint.h>

#include "arch/acpi.h"

struct clock_reference {
    const char *name;
    uint64_t hz;
    uint64_t mask;          /* the bits that it counts in */
    uint64_t (*read)(void); /* counts up */
};

/*
 * Finds out which there are and starts them; acpi may have no tables. map_device shows device
 * registers, or gives NULL.
 */
void clock_references_init(const struct acpi *acpi, void *(*map_device)(paddr_t, size_t));

/* Those that count, the one to be preferred first; NULL when there are no more. */
const struct clock_reference *clock_reference(unsigned int number);

#endif
