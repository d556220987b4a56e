// SPDX-License-Identifier: MIT
#include "kernel/bmc.h"

#include <stdbool.h>
#include <stdint.h>

#include <asm/errno.h>

#include "arch/acpi.h"
#include "arch/kcs.h"
#include "arch/smbios.h"
#include "kernel/console.h"
#include "libc/include/string.h"
#include "mm/kernel_map.h"

/* Interface types, the same in both tables: IPMI specification 2.0, C3-2 and C1-1. */
#define INTERFACE_KCS 1

#define SPMI_INTERFACE 36
#define SPMI_ADDRESS   48

#define SMBIOS_IPMI           38
#define SMBIOS_IPMI_SIZE      17
#define SMBIOS_IPMI_INTERFACE 4
#define SMBIOS_IPMI_ADDRESS   8  /* bit 0: an I/O port */
#define SMBIOS_IPMI_MODIFIER  16 /* bits 7-6: spacing; bit 4: bit 0 of the address */

/* Watchdog commands: IPMI specification 2.0, chapter 27. */
#define NETFN_APP     (0x06 << 2)
#define SET_WATCHDOG  0x24
#define GET_WATCHDOG  0x25
#define USE_RUNNING   (1u << 6) /* of the first byte: it counts */
#define USE_OS_LOAD   0x03
#define EXPIRED_FLAGS 0x3e /* all uses of the timer, whose flags are cleared */

#define RESPONSE_HEADER 3 /* NetFn, command, completion code */
#define MESSAGE_SIZE    16

static struct kcs kcs;

/* ---- finding it ---- */

static bool open_kcs(bool is_port, uint64_t address, unsigned int spacing)
{
    kcs = (struct kcs){.spacing = spacing};
    if (is_port && address && address <= UINT16_MAX - spacing)
        kcs.port = (uint16_t)address;
    else if (!is_port && address)
        kcs.memory = device_map(paddr(address), spacing + 1);
    return kcs.port || kcs.memory;
}

static bool find_by_spmi(const struct acpi_header *spmi)
{
    if (!spmi || acpi_field(spmi, SPMI_INTERFACE, 1) != INTERFACE_KCS)
        return false;
    struct acpi_address base = acpi_address_field(spmi, SPMI_ADDRESS);
    unsigned int spacing = base.bit_width > 8 ? base.bit_width / 8u : 1;
    return base.space <= ACPI_SPACE_IO &&
           open_kcs(base.space == ACPI_SPACE_IO, base.address, spacing);
}

static bool find_by_smbios(const struct smbios *smbios)
{
    static const unsigned int spacings[] = {1, 4, 16, 1};
    const uint8_t *entry = smbios_find(smbios, SMBIOS_IPMI, SMBIOS_IPMI_SIZE);
    uint64_t address;

    if (!entry || entry[SMBIOS_IPMI_INTERFACE] != INTERFACE_KCS)
        return false;
    uint8_t modifier = entry[SMBIOS_IPMI_MODIFIER];
    memcpy(&address, entry + SMBIOS_IPMI_ADDRESS, sizeof(address));
    return open_kcs(address & 1, (address & ~1ul) | (modifier >> 4 & 1), spacings[modifier >> 6]);
}

/* ---- talking to it ---- */

/* Sends a command with its data, and gets at most room bytes of the response's data. */
static int command(uint8_t number, const uint8_t *data, size_t size, uint8_t *answer, size_t room)
{
    uint8_t message[MESSAGE_SIZE] = {NETFN_APP, number};

    memcpy(message + 2, data, size);
    int count = kcs_transact(&kcs, message, 2 + size, sizeof(message));
    if (count < 0)
        return count;
    if (count < RESPONSE_HEADER + (int)room || message[2])
        return -EIO;
    memcpy(answer, message + RESPONSE_HEADER, room);
    return 0;
}

static int read_watchdog(bool *is_running, unsigned int *tenths_left)
{
    uint8_t answer[8];
    int error = command(GET_WATCHDOG, NULL, 0, answer, sizeof(answer));

    if (error)
        return error;
    *tenths_left = answer[6] | (unsigned int)answer[7] << 8;
    /* QEMU's never sets the bit. To stop a real one that has a count and is stopped does no harm.
     */
    *is_running = (answer[0] & USE_RUNNING) || *tenths_left;
    return 0;
}

/* Setting it stops it: use, action, pre-timeout, flags to clear, and the count (27.6). */
static int stop_watchdog(void)
{
    static const uint8_t data[] = {USE_OS_LOAD, 0, 0, EXPIRED_FLAGS, 0xff, 0xff};

    return command(SET_WATCHDOG, data, sizeof(data), NULL, 0);
}

static void say_failure(const char *what, int error)
{
    kprintf(KERN_WARNING "bmc        %s: %s\n", what,
            error == -ENODEV      ? "nothing is there"
            : error == -ETIMEDOUT ? "no answer in two seconds"
                                  : "it refuses");
}

void bmc_init(const struct acpi *acpi, const struct smbios *smbios)
{
    bool is_running;
    unsigned int tenths;

    if (!find_by_spmi(acpi_find(acpi, "SPMI")) && !find_by_smbios(smbios))
        return;
    int error = read_watchdog(&is_running, &tenths);
    if (error) {
        say_failure("its watchdog cannot be read", error);
        return;
    }
    if (!is_running) {
        kprintf("bmc        found; its watchdog does not run\n");
        return;
    }
    error = stop_watchdog();
    if (error)
        say_failure("its watchdog runs and cannot be stopped", error);
    else
        kprintf(KERN_NOTICE "bmc        its watchdog is stopped; it had %u s left\n", tenths / 10);
}
