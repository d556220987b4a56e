// SPDX-License-Identifier: MIT
#include "arch/power.h"

#include "arch/io.h"

#define DEBUG_EXIT_PORT     0xf4
#define QEMU_PM1A_CONTROL   0x604 /* q35 and pc */
#define BOCHS_PM1A_CONTROL  0xb004
#define ACPI_SLEEP_S5       0x2000 /* SLP_EN, SLP_TYP = 0 as both machines' DSDT have it */
#define BOCHS_SHUTDOWN_PORT 0x8900
#define RESET_CONTROL       0xcf9 /* ICH and later: bit 1 full reset, bit 2 does it */
#define RESET_FULL          0x02
#define RESET_NOW           0x06
#define KEYBOARD_COMMAND    0x64
#define KEYBOARD_RESET      0xfe

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
    outw(QEMU_PM1A_CONTROL, ACPI_SLEEP_S5);
    outw(BOCHS_PM1A_CONTROL, ACPI_SLEEP_S5);
    for (const char *byte = "Shutdown"; *byte; byte++)
        outb(BOCHS_SHUTDOWN_PORT, (uint8_t)*byte);
    power_halt();
}

void power_reboot(void)
{
    static const struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) no_idt = {0, 0};

    outb(RESET_CONTROL, RESET_FULL);
    outb(RESET_CONTROL, RESET_NOW);
    outb(KEYBOARD_COMMAND, KEYBOARD_RESET);
    __asm__ volatile("lidt %0; int3" : : "m"(no_idt));
    power_halt();
}
