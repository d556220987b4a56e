// SPDX-License-Identifier: MIT
/*
 * The board's management controller, as far as a kernel must know it: a watchdog that the firmware
 * left running would reset the machine in the middle of a test, so it is stopped.
 *
 * It is looked for behind KCS by ACPI's SPMI table, and else by SMBIOS. Nothing is said where there
 * is none, and nothing is waited for longer than kcs.h has it.
 */
#include <stdbool.h>
#include <stdint.h>

#include <asm/errno.h>

#include "arch/board/ipmi.h"
#include "arch/board/kcs.h"
#include "arch/board/smbios.h"
#include "boot/boot_main.h"
#include "kernel/console/console.h"
#include "kernel/start/events.h"
#include "kernel/start/start.h"
#include "libc/include/string.h"
#include "mm/table/kernel_map.h"

#define TAG_EFI64 12 /* Multiboot2 specification 2.0, 3.6.15 */

/* Watchdog commands: IPMI specification 2.0, chapter 27. */
#define NETFN_APP     (0x06 << 2)
#define SET_WATCHDOG  0x24
#define GET_WATCHDOG  0x25
#define USE_RUNNING   (1u << 6) /* of the first byte: it counts */
#define USE_OS_LOAD   0x03
#define EXPIRED_FLAGS 0x3e /* all uses of the timer, whose flags are cleared */

#define MESSAGE_SIZE 16

static struct kcs kcs;

/* ---- finding it ---- */

static bool open_kcs(const struct ipmi_place *place)
{
    kcs = (struct kcs){.spacing = place->spacing};
    if (place->is_port)
        kcs.port = (uint16_t)place->address;
    else
        kcs.memory = device_map(paddr(place->address), place->spacing + 1);
    return kcs.port || kcs.memory;
}

static bool find(const struct acpi *acpi, const struct smbios *smbios)
{
    struct ipmi_place place;

    if (!ipmi_place_of_spmi(acpi_find(acpi, "SPMI"), &place) && open_kcs(&place))
        return true;
    return !ipmi_place_of_smbios(smbios, &place) && open_kcs(&place);
}

/* ---- talking to it ---- */

/* Sends a command with its data, and gets at most room bytes of the response's data. */
static int command(uint8_t number, const uint8_t *data, size_t size, uint8_t *answer, size_t room)
{
    uint8_t message[MESSAGE_SIZE] = {NETFN_APP, number};

    if (size)
        memcpy(message + 2, data, size);
    int count = kcs_transact(&kcs, message, 2 + size, sizeof(message));
    if (count < 0)
        return count;
    if (count > MESSAGE_SIZE)
        count = MESSAGE_SIZE;
    return ipmi_read_response(message, (size_t)count, NETFN_APP, number, answer, room);
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

static uint64_t efi_system_table; /* physical; 0: not by UEFI, or the loader does not say */

static void read_efi(uint32_t type, const char *bytes, uint32_t size)
{
    if (type == TAG_EFI64 && size >= sizeof(struct boot_tag) + sizeof(efi_system_table))
        memcpy(&efi_system_table, bytes + sizeof(struct boot_tag), sizeof(efi_system_table));
}

ATTACH(boot_tag_is_read, read_efi);

static void stop_watchdog_of_firmware(const struct boot_info *info)
{
    (void)info;
    const struct acpi *acpi = firmware_acpi();
    struct smbios smbios;
    bool is_running;
    unsigned int tenths;

    smbios_open(&smbios, acpi->access, efi_system_table);
    if (!find(acpi, &smbios))
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

ATTACH(boot_clocks, stop_watchdog_of_firmware);
