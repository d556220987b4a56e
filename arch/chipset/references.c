// SPDX-License-Identifier: MIT
/*
 * Further counters of a known rate:
 *
 *   ACPI PM timer    3,579,545 Hz    where the FADT says (ACPI specification 6.4, 4.8.3.3)
 *   HPET             says its rate   where the HPET table says (IA-PC HPET specification 1.0a)
 *
 * What CPUID says is the last resort: an emulator says there what the CPU has that it imitates.
 */
#include "arch/chipset/acpi_address.h"
#include "arch/chipset/chipset.h"

#include <stdbool.h>

#include "arch/chipset/fadt.h"
#include "arch/chipset/io.h"
#include "arch/cpu/cpu.h"
#include "arch/device/clock.h"
#include "mm/table/kernel_map.h"

#define PM_TIMER_HZ      3579545ul
#define FADT_PM_TMR_LEN  91
#define FADT_TMR_VAL_EXT (1u << 8) /* 32 bits, not 24 */

#define HPET_BASE           40 /* of the table: a generic address */
#define HPET_REGISTERS_SIZE 0x400
#define HPET_CAPABILITIES   0x00 /* bits 63-32: femtoseconds a tick; 13: the counter has 64 bits */
#define HPET_CONFIGURATION  0x10 /* bit 0: it counts */
#define HPET_COUNTER        0xf0
#define HPET_PERIOD_MAX     100000000u
#define FEMTOSECONDS        1000000000000000ul

#define REFERENCES_MAX 2

/* Those that count. */
static struct clock_reference references[REFERENCES_MAX];
static unsigned int reference_count;

static uint16_t pm_timer_port;
static volatile void *pm_timer_memory;
static volatile char *hpet;

/* ---- the ACPI PM timer ---- */

static uint64_t read_pm_timer(void)
{
    return pm_timer_memory ? mmio_read32(pm_timer_memory) : inl(pm_timer_port);
}

static bool find_pm_timer(const struct acpi_header *fadt)
{
    if (!fadt || acpi_field(fadt, FADT_PM_TMR_LEN, 1) != 4)
        return false;
    struct acpi_address timer = fadt_register(fadt, FADT_PM_TIMER);
    if (timer.space == ACPI_SPACE_MEMORY)
        pm_timer_memory = device_map(paddr(timer.address), sizeof(uint32_t));
    else if (timer.space == ACPI_SPACE_IO && timer.address <= UINT16_MAX)
        pm_timer_port = (uint16_t)timer.address;
    return pm_timer_memory || pm_timer_port;
}

/* ---- the HPET ---- */

static uint64_t read_hpet(void)
{
    return mmio_read32(hpet + HPET_COUNTER);
}

static uint64_t find_hpet(const struct acpi_header *table)
{
    struct acpi_address base = {0};

    if (table)
        base = acpi_address_field(table, HPET_BASE);
    if (!base.address || base.space != ACPI_SPACE_MEMORY)
        return 0;
    hpet = device_map(paddr(base.address), HPET_REGISTERS_SIZE);
    uint32_t period = hpet ? mmio_read32(hpet + HPET_CAPABILITIES + 4) : 0;
    if (period == 0 || period > HPET_PERIOD_MAX)
        return 0;
    mmio_write32(hpet + HPET_CONFIGURATION, mmio_read32(hpet + HPET_CONFIGURATION) | 1);
    return FEMTOSECONDS / period;
}

/* ---- CPUID ---- */

/*
 * CPUID 0x15: TSC rate = crystal * EBX / EAX. Where ECX does not say the crystal's rate, as on
 * Skylake-SP, 0x16 says the TSC's in MHz. The APIC timer counts the crystal, divided by 16.
 */
static bool rates_by_cpuid(struct clock_rates *rates)
{
    uint32_t ratio[4] = {0}, frequency[4] = {0};
    uint32_t highest = (uint32_t)__get_cpuid_max(0, NULL);

    if (highest >= 0x15)
        cpuid_now(0x15, 0, ratio);
    if (highest >= 0x16)
        cpuid_now(0x16, 0, frequency);
    if (!ratio[CPUID_EAX] || !ratio[CPUID_EBX])
        return false;
    uint64_t tsc_hz = (frequency[CPUID_EAX] & 0xffff) * 1000000ul;
    uint64_t crystal = tsc_hz * ratio[CPUID_EAX] / ratio[CPUID_EBX];
    if (ratio[CPUID_ECX]) {
        crystal = ratio[CPUID_ECX];
        tsc_hz = crystal * ratio[CPUID_EBX] / ratio[CPUID_EAX];
    }
    *rates = (struct clock_rates){tsc_hz, crystal / 16, "CPUID", false};
    return tsc_hz && crystal >= 16;
}

/* ---- all of them ---- */

static void add(const struct clock_reference *reference)
{
    if (clock_counts(reference))
        references[reference_count++] = *reference;
}

const struct clock_reference *clock_reference(unsigned int number)
{
    return number < reference_count ? &references[number] : NULL;
}

static int measure_by_others(struct clock_rates *rates)
{
    for (unsigned int i = 0; i < reference_count; i++)
        if (clock_measure(&references[i], rates))
            return true;
    return false;
}

ATTACH(clock_wants_rates, measure_by_others);

void references_add(const struct acpi *acpi)
{
    const struct acpi_header *fadt = acpi_find(acpi, "FACP");
    struct clock_rates rates;

    if (find_pm_timer(fadt)) {
        bool wide = acpi_field(fadt, FADT_FLAGS, 4) & FADT_TMR_VAL_EXT;
        add(&(struct clock_reference){"the ACPI PM timer", PM_TIMER_HZ,
                                      wide ? 0xffffffff : 0xffffff, read_pm_timer});
    }
    uint64_t hpet_hz = find_hpet(acpi_find(acpi, "HPET"));
    if (hpet_hz)
        add(&(struct clock_reference){"the HPET", hpet_hz, 0xffffffff, read_hpet});
    if (rates_by_cpuid(&rates))
        clock_rates = rates;
}
