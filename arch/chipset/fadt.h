// SPDX-License-Identifier: MIT
/*
 * ACPI's FADT (specification 6.4, 5.2.9): where the power-management registers are, and which
 * legacy devices the board lacks; and how S5, the state of being off, is written there.
 */
#ifndef ARCH_CHIPSET_FADT_H
#define ARCH_CHIPSET_FADT_H

#include <stdbool.h>

#include "arch/acpi/acpi.h"
#include "arch/chipset/acpi_address.h"

struct fadt {
    bool has_8042, has_vga, has_rtc; /* false: the firmware says that it is not there */
    struct acpi_address reset;       /* its address is 0 when there is no reset register */
    uint8_t reset_value;
    struct acpi_address pm1_control[2]; /* PM1a_CNT and PM1b_CNT; address 0: none */
    uint16_t smi_command;               /* port that switches ACPI on; 0: it always is */
    uint8_t acpi_enable;                /* by this value */
    uint64_t dsdt;                      /* physical address */
};

/* Offsets of a register's block in the table, as a port and as a generic address: table 5.9. */
struct fadt_block {
    size_t port, extended;
};

#define FADT_FLAGS 112 /* offset: table 5.10 says what the bits mean */

#define FADT_PM_TIMER ((struct fadt_block){76, 208})

/* A block's register: by the generic address, or by the port where that is 0. */
struct acpi_address fadt_register(const struct acpi_header *table, struct fadt_block block);

/* Reads the table; NULL gives a board that has all legacy devices and no register. */
void fadt_read(const struct acpi_header *table, struct fadt *fadt);

/*
 * Finds the sleep types of S5, SLP_TYPa and SLP_TYPb, in a DSDT, without running its code: \_S5 is
 * a package of constants there. False when it is not.
 */
bool fadt_find_s5(const struct acpi_header *dsdt, uint8_t types[2]);

#endif
