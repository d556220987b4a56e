// SPDX-License-Identifier: MIT
#include "arch/clock_reference.h"

#include <stdbool.h>

#include "arch/fadt.h"
#include "arch/io.h"

#define ALIVE_READS 1000 /* a counter that has not moved by then is none; a read takes 1/4 us */

/* The PIT's channel 2, which interrupts nobody. */
#define PIT_HZ       1193182ul
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND  0x43
#define PIT_MODE     0xb0 /* channel 2, low then high byte, mode 0 */
#define PIT_LATCH    0x80 /* channel 2 */
#define PORT_B       0x61 /* bit 0: gate of channel 2; bit 1: the speaker */

#define PM_TIMER_HZ      3579545ul
#define FADT_PM_TMR_LEN  91
#define FADT_FLAGS       112
#define FADT_TMR_VAL_EXT (1u << 8) /* 32 bits, not 24 */

#define HPET_BASE           40 /* of the table: a generic address */
#define HPET_REGISTERS_SIZE 0x400
#define HPET_CAPABILITIES   0x00 /* bits 63-32: femtoseconds a tick; 13: the counter has 64 bits */
#define HPET_CONFIGURATION  0x10 /* bit 0: it counts */
#define HPET_COUNTER        0xf0
#define HPET_PERIOD_MAX     100000000u
#define FEMTOSECONDS        1000000000000000ul

static uint16_t pm_timer_port;
static volatile void *pm_timer_memory;
static volatile char *hpet;

static struct clock_reference references[3];
static unsigned int reference_count;

/* ---- the PIT ---- */

static uint64_t read_pit(void)
{
    outb(PIT_COMMAND, PIT_LATCH);
    uint32_t low = inb(PIT_CHANNEL2);
    return 0xffff - (low | (uint32_t)inb(PIT_CHANNEL2) << 8);
}

static void start_pit(void)
{
    outb(PORT_B, (uint8_t)((inb(PORT_B) & ~2u) | 1));
    outb(PIT_COMMAND, PIT_MODE);
    outb(PIT_CHANNEL2, 0xff);
    outb(PIT_CHANNEL2, 0xff);
}

/* ---- the ACPI PM timer ---- */

static uint64_t read_pm_timer(void)
{
    return pm_timer_memory ? mmio_read32(pm_timer_memory) : inl(pm_timer_port);
}

static bool find_pm_timer(const struct acpi_header *fadt, void *(*map_device)(paddr_t, size_t))
{
    if (!fadt || acpi_field(fadt, FADT_PM_TMR_LEN, 1) != 4)
        return false;
    struct acpi_address timer = fadt_register(fadt, FADT_PM_TIMER);
    if (timer.space == ACPI_SPACE_MEMORY)
        pm_timer_memory = map_device(paddr(timer.address), sizeof(uint32_t));
    else if (timer.space == ACPI_SPACE_IO && timer.address <= UINT16_MAX)
        pm_timer_port = (uint16_t)timer.address;
    return pm_timer_memory || pm_timer_port;
}

/* ---- the HPET ---- */

static uint64_t read_hpet(void)
{
    return mmio_read32(hpet + HPET_COUNTER);
}

static uint64_t find_hpet(const struct acpi_header *table, void *(*map_device)(paddr_t, size_t))
{
    struct acpi_address base = {0};

    if (table)
        base = acpi_address_field(table, HPET_BASE);
    if (!base.address || base.space != ACPI_SPACE_MEMORY)
        return 0;
    hpet = map_device(paddr(base.address), HPET_REGISTERS_SIZE);
    uint32_t period = hpet ? mmio_read32(hpet + HPET_CAPABILITIES + 4) : 0;
    if (period == 0 || period > HPET_PERIOD_MAX)
        return 0;
    mmio_write32(hpet + HPET_CONFIGURATION, mmio_read32(hpet + HPET_CONFIGURATION) | 1);
    return FEMTOSECONDS / period;
}

/* ---- all of them ---- */

static void add_if_alive(struct clock_reference reference)
{
    uint64_t first = reference.read() & reference.mask;

    for (unsigned int i = 0; i < ALIVE_READS; i++) {
        if ((reference.read() & reference.mask) == first)
            continue;
        references[reference_count++] = reference;
        return;
    }
}

void clock_references_init(const struct acpi *acpi, void *(*map_device)(paddr_t, size_t))
{
    const struct acpi_header *fadt = acpi_find(acpi, "FACP");

    start_pit();
    add_if_alive((struct clock_reference){"the PIT", PIT_HZ, 0xffff, read_pit});
    if (find_pm_timer(fadt, map_device)) {
        bool wide = acpi_field(fadt, FADT_FLAGS, 4) & FADT_TMR_VAL_EXT;
        add_if_alive((struct clock_reference){"the ACPI PM timer", PM_TIMER_HZ,
                                              wide ? 0xffffffff : 0xffffff, read_pm_timer});
    }
    uint64_t hpet_hz = find_hpet(acpi_find(acpi, "HPET"), map_device);
    if (hpet_hz)
        add_if_alive((struct clock_reference){"the HPET", hpet_hz, 0xffffffff, read_hpet});
}

const struct clock_reference *clock_reference(unsigned int number)
{
    return number < reference_count ? &references[number] : NULL;
}
