// SPDX-License-Identifier: MIT
#include "kernel/boot_log.h"

#include "arch/apic.h"
#include "arch/clock.h"
#include "arch/cpu.h"
#include "arch/fpu.h"
#include "arch/pkru.h"
#include "kernel/console.h"
#include "libc/include/string.h"
#include "mm/page.h"

#define MIB_SHIFT 20

void boot_log_banner(const struct boot_info *info)
{
    kprintf("Latchkey, a kernel about memory protection keys\n\n");
    kprintf("boot       %s, command line: %s%s\n", info->protocol,
            info->command_line[0] ? info->command_line : "(empty)",
            info->command_line_truncated ? " (cut)" : "");
}

static uint64_t usable_bytes(const struct boot_info *info)
{
    uint64_t sum = 0;

    for (unsigned int i = 0; i < info->memory_count; i++)
        if (info->memory[i].type == BOOT_MEMORY_RAM)
            sum += info->memory[i].size;
    return sum;
}

void boot_log_memory(const struct boot_info *info)
{
    struct page_counters counters;

    page_read_counters(&counters);
    kprintf("memory     %lu MiB of RAM in %u ranges, %lu MiB free\n",
            usable_bytes(info) >> MIB_SHIFT, info->memory_count,
            counters.free * PAGE_SIZE >> MIB_SHIFT);
    if (info->memory_dropped)
        kprintf("memory     %u ranges more than fit were left out\n", info->memory_dropped);
    if (info->initramfs_size)
        kprintf("initramfs  %lu KiB at %#lx\n", (info->initramfs_size + 1023) >> 10,
                info->initramfs.value);
}

static void log_features(void)
{
    struct cpu_feature_row row;

    kprintf("\n           feature    present  used\n");
    for (unsigned int i = 0; cpu_feature_row(i, &row); i++)
        kprintf("           %-9s  %-7s  %-4s  %s\n", row.name, row.present ? "yes" : "-",
                row.used ? "yes" : "-", row.purpose);
}

static void log_xsave(void)
{
    static const struct {
        unsigned int number;
        const char *name;
    } components[] = {{0, "x87"},          {1, "SSE"},      {2, "AVX"}, {5, "opmask"},
                      {6, "ZMM0-15 high"}, {7, "ZMM16-31"}, {9, "PKRU"}};

    if (!fpu_layout.xcr0) {
        kprintf("\nxsave      not there: FXSAVE, %zu bytes\n", fpu_layout.size);
        return;
    }
    kprintf("\nxsave      XCR0 %#lx, image of %zu bytes, saved by %s\n", fpu_layout.xcr0,
            fpu_layout.size,
            fpu_layout.software   ? "FXSAVE and hand (CR4.OSXSAVE cannot be set)"
            : fpu_layout.xsaveopt ? "XSAVEOPT"
                                  : "XSAVE");
    for (unsigned int i = 0; i < array_size(components); i++) {
        size_t offset, size;
        if (!(fpu_layout.xcr0 >> components[i].number & 1))
            continue;
        if (components[i].number < 2) {
            kprintf("           %-12s  in the legacy area\n", components[i].name);
            continue;
        }
        fpu_component(components[i].number, &offset, &size);
        kprintf("           %-12s  offset %4zu  size %4zu\n", components[i].name, offset, size);
    }
}

void boot_log_cpu(void)
{
    char brand[CPU_BRAND_SIZE];
    uint32_t signature, ebx, ecx, edx;

    cpu_read_brand(brand);
    __cpuid(1, signature, ebx, ecx, edx);
    kprintf("cpu        %s, signature %#x, APIC id %u\n", brand[0] ? brand : "(no brand string)",
            signature, apic_id());
    log_features();
    kprintf("\nregisters  CR0 %#lx, CR4 %#lx, EFER %#lx\n", read_cr0(), read_cr4(),
            rdmsr(MSR_EFER));
    log_xsave();
    if (cpu_state.pku)
        kprintf("\nkeys       on: 16 keys, PKRU starts at %#x\n", pkru_init_value);
    else
        kprintf("\nkeys       off: %s\n", cpu_why_no_keys());
}

void boot_log_clocks(void)
{
    kprintf("clocks     TSC %lu kHz, APIC timer %lu kHz, by %s; timer %s\n",
            clock_rates.tsc_hz / 1000, clock_rates.apic_timer_hz / 1000, clock_rates.source,
            clock_rates.deadline ? "by TSC deadline" : "by APIC count");
}
