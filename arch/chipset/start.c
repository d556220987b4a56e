// SPDX-License-Identifier: MIT
/* At boot, before the APIC and the clocks are set up: what the FADT says is made use of. */
#include "kernel/start/start.h"
#include "arch/chipset/chipset.h"
#include "arch/chipset/cpuid.h"
#include "arch/cpu/cpu.h"
#include "arch/device/apic.h"
#include "arch/device/clock.h"
#include "kernel/console/command_line.h"
#include "kernel/console/console.h"
#include "kernel/start/events.h"

static void log_missing_devices(const struct fadt *fadt)
{
    if (!fadt->has_8042 || !fadt->has_vga || !fadt->has_rtc)
        kprintf("acpi       the FADT says that there is no:%s%s%s\n", fadt->has_8042 ? "" : " 8042",
                fadt->has_vga ? "" : " VGA", fadt->has_rtc ? "" : " RTC");
}

/* Changes an APIC that can to x2APIC mode, as firmware does that has ids above 254. */
static void enter_x2apic(void)
{
    if (this_cpu_has(X86_FEATURE_X2APIC))
        wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE | APIC_BASE_X2APIC);
    else
        kprintf(KERN_WARNING "command    x2apic: this CPU has no x2APIC mode\n");
}

static void find_chipset(void)
{
    const struct acpi *acpi = firmware_acpi();
    struct fadt fadt;

    fadt_read(acpi_find(acpi, "FACP"), &fadt);
    log_missing_devices(&fadt);
    power_init(&fadt, fadt.dsdt ? acpi_open_table(acpi->access, "DSDT", fadt.dsdt) : NULL);
    references_add(acpi);
    if (fadt.has_rtc)
        clock_boot_seconds = rtc_read();
    if (command_line_has("x2apic"))
        enter_x2apic();
}

ATTACH(boot_firmware, find_chipset);
