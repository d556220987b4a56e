// SPDX-License-Identifier: MIT
#include "kernel/bmc.h"

#include <stdbool.h>
#include <stdint.h>

#include <asm/errno.h>

#include "arch/ipmi.h"
#include "arch/kcs.h"
#include "kernel/console.h"
#include "libc/include/string.h"
#include "mm/kernel_map.h"

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

void bmc_init(const struct acpi *acpi, const struct smbios *smbios)
{
    bool is_running;
    unsigned int tenths;

    if (!find(acpi, smbios))
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
