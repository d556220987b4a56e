// SPDX-License-Identifier: MIT
/*
 * What a board's chipset has by ACPI's tables, or as the legacy PC had it: power off and reset,
 * clocks to measure the TSC by, and the date.
 *
 * The room owns the FADT and the registers that it names. It leaves finding ACPI's tables to
 * arch/acpi/, and devices that only some boards have to arch/board/.
 */
#ifndef ARCH_CHIPSET_CHIPSET_H
#define ARCH_CHIPSET_CHIPSET_H

#include "arch/acpi/acpi.h"
#include "arch/chipset/fadt.h"
#include "arch/device/clock.h"

/* Looks for an RSDP where a BIOS leaves it. Not 0 if it is there, and copied. */
int acpi_search_rsdp(const struct acpi_access *access, uint8_t rsdp[ACPI_RSDP_SIZE]);

/* Adds the ACPI PM timer and the HPET to the clock's references, and what CPUID says of rates. */
void references_add(const struct acpi *acpi);

/* Those of them that count; NULL when there are no more. */
const struct clock_reference *clock_reference(unsigned int number);

/* Seconds since 1970-01-01 UTC by the RTC; 0 where nobody answers. */
uint64_t rtc_read(void);

/* Notes how the machine is reset and powered off, and says so; dsdt may be NULL. */
void power_init(const struct fadt *said, const struct acpi_header *dsdt);

/*
 * Resets the machine: by the FADT's reset register, the chipset's, the keyboard controller, or a
 * triple fault, whichever is the first to do it.
 */
void power_reboot(void) __attribute__((noreturn));

#endif
