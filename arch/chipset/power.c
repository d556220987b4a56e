// SPDX-License-Identifier: MIT
/* Power off by S5 (ACPI specification 6.4, 16.1.7), and reset. Nothing waits without an end. */
#include "arch/device/power.h"

#include "arch/chipset/chipset.h"

#include "arch/chipset/io.h"
#include "arch/device/clock.h"
#include "kernel/console/console.h"
#include "mm/table/kernel_map.h"

#define RESET_CONTROL    0xcf9 /* ICH and later: bit 1 full reset, bit 2 does it */
#define RESET_FULL       0x02
#define RESET_NOW        0x06
#define KEYBOARD_COMMAND 0x64
#define KEYBOARD_RESET   0xfe

/* PM1x_CNT: ACPI specification 6.4, table 4.11. */
#define PM1_SCI_EN        (1u << 0) /* ACPI is on */
#define PM1_SLP_TYP_SHIFT 10
#define PM1_SLP_TYP_MASK  (7u << PM1_SLP_TYP_SHIFT)
#define PM1_SLP_EN        (1u << 13)
#define ACPI_ON_WAITS     300
#define ACPI_ON_WAIT_US   10000
#define RESET_WAIT_US     100000 /* until the next way is tried */
#define POWER_OFF_WAIT_US 3000000

static struct fadt fadt = {.has_8042 = true};
static volatile uint8_t *reset_memory;
static uint16_t pm1_ports[2];
static uint8_t s5_types[2];

/* ---- what ACPI says ---- */

static uint16_t port_of(struct acpi_address place)
{
    return place.space == ACPI_SPACE_IO && place.address <= UINT16_MAX ? (uint16_t)place.address
                                                                       : 0;
}

void power_init(const struct fadt *said, const struct acpi_header *dsdt)
{
    fadt = *said;
    if (fadt.reset.address && fadt.reset.space == ACPI_SPACE_MEMORY)
        reset_memory = device_map(paddr(fadt.reset.address), 1);
    if (dsdt && fadt_find_s5(dsdt, s5_types))
        for (unsigned int i = 0; i < array_size(pm1_ports); i++)
            pm1_ports[i] = port_of(fadt.pm1_control[i]);
    kprintf("power      off by %s, reset by %s\n",
            pm1_ports[0] ? "ACPI's S5" : "an emulator's ports",
            fadt.reset.address ? "the FADT's register" : "the chipset's");
}

/* ---- power off ---- */

/* The firmware keeps the registers to itself until it is told. */
static void switch_acpi_on(void)
{
    if (!fadt.smi_command || !fadt.acpi_enable || (inw(pm1_ports[0]) & PM1_SCI_EN))
        return;
    outb(fadt.smi_command, fadt.acpi_enable);
    for (unsigned int i = 0; i < ACPI_ON_WAITS && !(inw(pm1_ports[0]) & PM1_SCI_EN); i++)
        clock_wait(ACPI_ON_WAIT_US);
}

static int enter_s5(void)
{
    if (!pm1_ports[0])
        return 0;
    switch_acpi_on();
    for (unsigned int i = 0; i < array_size(pm1_ports) && pm1_ports[i]; i++) {
        uint32_t control = inw(pm1_ports[i]) & ~PM1_SLP_TYP_MASK;
        control |= (uint32_t)s5_types[i] << PM1_SLP_TYP_SHIFT & PM1_SLP_TYP_MASK;
        outw(pm1_ports[i], (uint16_t)(control | PM1_SLP_EN));
    }
    clock_wait(POWER_OFF_WAIT_US);
    return 1;
}

ATTACH(powers_off, enter_s5);

/* ---- reset ---- */

/* In PCI's configuration space the address is one of bus 0: ACPI specification 6.4, table 5.1. */
static void write_pci(uint64_t address, uint8_t value)
{
    uint32_t device = address >> 32 & 0x1f, function = address >> 16 & 7, offset = address & 0xff;

    outl(PCI_ADDRESS, PCI_ENABLE | device << 11 | function << 8 | (offset & ~3u));
    outb((uint16_t)(PCI_DATA + (offset & 3)), value);
}

static void write_reset_register(void)
{
    if (!fadt.reset.address)
        return;
    if (port_of(fadt.reset))
        outb(port_of(fadt.reset), fadt.reset_value);
    else if (reset_memory)
        mmio_write8(reset_memory, fadt.reset_value);
    else if (fadt.reset.space == ACPI_SPACE_PCI)
        write_pci(fadt.reset.address, fadt.reset_value);
    clock_wait(RESET_WAIT_US);
}

void power_reboot(void)
{
    static const struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) no_idt = {0, 0};

    write_reset_register();
    outb(RESET_CONTROL, RESET_FULL);
    outb(RESET_CONTROL, RESET_NOW);
    clock_wait(RESET_WAIT_US);
    if (fadt.has_8042) {
        outb(KEYBOARD_COMMAND, KEYBOARD_RESET);
        clock_wait(RESET_WAIT_US);
    }
    __asm__ volatile("lidt %0; int3" : : "m"(no_idt));
    power_halt();
}
