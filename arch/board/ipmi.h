// SPDX-License-Identifier: MIT
/*
 * What firmware and a board's BMC say by IPMI (specification 2.0): where the interface is, and what
 * is in a response. Nothing here talks to it: arch/board/kcs.h does.
 */
#ifndef ARCH_BOARD_IPMI_H
#define ARCH_BOARD_IPMI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/acpi/acpi.h"
#include "arch/board/smbios.h"

/* Where a KCS interface is: arch/board/kcs.h. */
struct ipmi_place {
    bool is_port;
    uint64_t address;     /* of the data register: an I/O port, or physical */
    unsigned int spacing; /* bytes from it to the status register */
};

/* The place by ACPI's SPMI table, or by SMBIOS: 0, or -ENOENT when it does not name a KCS. */
int ipmi_place_of_spmi(const struct acpi_header *spmi, struct ipmi_place *place);
int ipmi_place_of_smbios(const struct smbios *smbios, struct ipmi_place *place);

/*
 * Copies the first size bytes of a response's data; count bytes of the response are there. -EIO
 * when it is shorter, is none to this command, or says that the command failed.
 */
int ipmi_read_response(const uint8_t *response, size_t count, uint8_t function, uint8_t command,
                       void *data, size_t size);

#endif
