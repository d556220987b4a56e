// SPDX-License-Identifier: MIT
#include "arch/device/power.h"

#include "arch/cpu/io.h"

#define DEBUG_EXIT_PORT     0xf4
#define QEMU_PM1A_CONTROL   0x604 /* q35 and pc */
#define BOCHS_PM1A_CONTROL  0xb004
#define BOCHS_SHUTDOWN_PORT 0x8900
#define PM1_SLP_EN          (1u << 13) /* PM1x_CNT: ACPI specification 6.4, table 4.11 */

void power_halt(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}

void power_debug_exit(enum debug_exit value)
{
    outb(DEBUG_EXIT_PORT, (uint8_t)value);
    power_halt();
}

void power_off(void)
{
    if (!ASK(powers_off)) {
        /* SLP_TYP is 0 in both emulators' tables. */
        outw(QEMU_PM1A_CONTROL, PM1_SLP_EN);
        outw(BOCHS_PM1A_CONTROL, PM1_SLP_EN);
        for (const char *byte = "Shutdown"; *byte; byte++)
            outb(BOCHS_SHUTDOWN_PORT, (uint8_t)*byte);
    }
    power_halt();
}
