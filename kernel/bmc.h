// SPDX-License-Identifier: MIT
/*
 * The board's management controller, as far as a kernel must know it: a watchdog that the firmware
 * left running would reset the machine in the middle of a test, so it is stopped.
 */
#ifndef KERNEL_BMC_H
#define KERNEL_BMC_H

struct acpi;
struct smbios;

/*
 * Looks for a BMC behind KCS by ACPI's SPMI table, and else by SMBIOS; stops its watchdog, and says
 * so. Nothing is said where there is none, and nothing is waited for longer than kcs.h has it.
 */
void bmc_init(const struct acpi *acpi, const struct smbios *smbios);

#endif
