// SPDX-License-Identifier: MIT
#include "arch/board/ipmi.h"
#include "arch/chipset/acpi_address.h"

#include <asm/errno.h>

#include "libc/include/string.h"

/* Interface types, the same in both tables: C3-2 and C1-1. */
#define INTERFACE_KCS 1

#define SPMI_INTERFACE 36
#define SPMI_ADDRESS   48

#define SMBIOS_IPMI           38
#define SMBIOS_IPMI_SIZE      17
#define SMBIOS_IPMI_INTERFACE 4
#define SMBIOS_IPMI_ADDRESS   8  /* bit 0: an I/O port */
#define SMBIOS_IPMI_MODIFIER  16 /* bits 7-6: spacing; bit 4: bit 0 of the address */

#define RESPONSE_BIT    (1u << 2) /* of a request's NetFn, as it stands in its byte */
#define RESPONSE_HEADER 3         /* NetFn, command, completion code */

/* Whether it can be one: not 0, and a port's registers have 16 bits of address. */
static int check(const struct ipmi_place *place)
{
    if (!place->address || (place->is_port && place->address > UINT16_MAX - place->spacing))
        return -ENOENT;
    return 0;
}

int ipmi_place_of_spmi(const struct acpi_header *spmi, struct ipmi_place *place)
{
    if (!spmi || acpi_field(spmi, SPMI_INTERFACE, 1) != INTERFACE_KCS)
        return -ENOENT;
    struct acpi_address base = acpi_address_field(spmi, SPMI_ADDRESS);
    if (base.space > ACPI_SPACE_IO)
        return -ENOENT;
    *place = (struct ipmi_place){
        .is_port = base.space == ACPI_SPACE_IO,
        .address = base.address,
        .spacing = base.bit_width > 8 ? base.bit_width / 8u : 1,
    };
    return check(place);
}

int ipmi_place_of_smbios(const struct smbios *smbios, struct ipmi_place *place)
{
    static const unsigned int spacings[] = {1, 4, 16, 1};
    const uint8_t *entry = smbios_find(smbios, SMBIOS_IPMI, SMBIOS_IPMI_SIZE);
    uint64_t address;

    if (!entry || entry[SMBIOS_IPMI_INTERFACE] != INTERFACE_KCS)
        return -ENOENT;
    uint8_t modifier = entry[SMBIOS_IPMI_MODIFIER];
    memcpy(&address, entry + SMBIOS_IPMI_ADDRESS, sizeof(address));
    *place = (struct ipmi_place){
        .is_port = address & 1,
        .address = (address & ~1ul) | (modifier >> 4 & 1),
        .spacing = spacings[modifier >> 6],
    };
    return check(place);
}

int ipmi_read_response(const uint8_t *response, size_t count, uint8_t function, uint8_t command,
                       void *data, size_t size)
{
    if (count < RESPONSE_HEADER || size > count - RESPONSE_HEADER)
        return -EIO;
    if (response[0] != (function | RESPONSE_BIT) || response[1] != command || response[2])
        return -EIO;
    memcpy(data, response + RESPONSE_HEADER, size);
    return 0;
}
