// SPDX-License-Identifier: MIT
/* What the firmware left in ACPI's tables; its mistakes are told in the boot log. */
#ifndef KERNEL_FIRMWARE_H
#define KERNEL_FIRMWARE_H

#include "arch/acpi.h"
#include "arch/fadt.h"
#include "arch/madt.h"

struct boot_info;

/* Finds the tables, by the loader's copy of the root pointer or where a BIOS has it. */
void firmware_init(const struct boot_info *info);

/* The tables: without a single one when there are none. */
const struct acpi *firmware_acpi(void);

/* What the FADT says, or what is to be assumed where there is none. */
const struct fadt *firmware_fadt(void);

/* Opens SMBIOS and, through it or ACPI, finds the BMC and stops its watchdog. */
void firmware_init_bmc(const struct boot_info *info);

/* Finds out, and says, how the machine is powered off and reset. */
void firmware_init_power(void);

/* The machine's CPUs by the MADT; count is 0 when there is no sound one. */
void firmware_read_cpus(struct madt *madt);

#endif
