// SPDX-License-Identifier: MIT
/* What the boot log says of the CPUs: the features and registers that matter here, and a table. */
#include "arch/chipset/cpuid.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/percpu.h"
#include "arch/device/apic.h"
#include "arch/device/clock.h"
#include "arch/fpu/fpu.h"
#include "boot/boot_info.h"
#include "kernel/console/console.h"
#include "kernel/cpus/facts.h"
#include "kernel/start/events.h"
#include "libc/core/format.h"
#include "libc/include/string.h"
#include "mm/page/page.h"

/* ---- the boot CPU ---- */

struct feature {
    const char *name;
    const char *purpose;
    struct cpuid_bit bit;
    uint64_t cr4;   /* the CR4 bit that turns it on; 0: it is used wherever it is present */
    bool is_unused; /* but for these */
};

static const struct feature features[] = {
    {"PKU", "protection keys for user pages", X86_FEATURE_PKU, CR4_PKE, false},
    {"OSPKE", "CR4.PKE as CPUID shows it", X86_FEATURE_OSPKE, CR4_PKE, false},
    {"PKS", "protection keys for supervisor pages", X86_FEATURE_PKS, CR4_PKS, false},
    {"NX", "pages that are not executable", X86_FEATURE_NX, 0, false},
    {"SMEP", "the kernel executes no user page", X86_FEATURE_SMEP, CR4_SMEP, false},
    {"SMAP", "the kernel touches user pages on purpose", X86_FEATURE_SMAP, CR4_SMAP, false},
    {"UMIP", "ring 3 cannot read descriptor tables", X86_FEATURE_UMIP, CR4_UMIP, false},
    {"PGE", "global pages", X86_FEATURE_PGE, CR4_PGE, false},
    {"PDPE1GB", "1 GiB pages", X86_FEATURE_PDPE1GB, 0, false},
    {"FSGSBASE", "FS and GS base by instruction", X86_FEATURE_FSGSBASE, CR4_FSGSBASE, false},
    {"XSAVE", "extended state, PKRU among it", X86_FEATURE_XSAVE, CR4_OSXSAVE, false},
    {"XSAVEOPT", "saving what has changed", X86_FEATURE_XSAVEOPT, CR4_OSXSAVE, false},
    {"AVX", "256-bit vectors", X86_FEATURE_AVX, CR4_OSXSAVE, false},
    {"AVX512F", "512-bit vectors", X86_FEATURE_AVX512F, CR4_OSXSAVE, false},
    {"MCE", "machine checks reported", X86_FEATURE_MCE, CR4_MCE, false},
    {"RDRAND", "random numbers", X86_FEATURE_RDRAND, 0, false},
    {"X2APIC", "interrupt controller by MSR", X86_FEATURE_X2APIC, 0, true},
    {"PCID", "tagged translations", X86_FEATURE_PCID, 0, true},
};

void cpu_read_brand(char brand[CPU_BRAND_SIZE])
{
    memset(brand, 0, CPU_BRAND_SIZE);
    if ((uint32_t)__get_cpuid_max(0x80000000u, NULL) < 0x80000004u)
        return;
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t registers[4];
        __cpuid(0x80000002u + i, registers[0], registers[1], registers[2], registers[3]);
        memcpy(brand + i * sizeof(registers), registers, sizeof(registers));
    }
}

static void log_features(void)
{
    kprintf("\n           feature    present  used\n");
    for (unsigned int i = 0; i < array_size(features); i++) {
        const struct feature *feature = &features[i];
        bool present = this_cpu_has(feature->bit);
        bool used = present && (feature->cr4 ? read_cr4() & feature->cr4 : !feature->is_unused);
        kprintf("           %-9s  %-7s  %-4s  %s\n", feature->name, present ? "yes" : "-",
                used ? "yes" : "-", feature->purpose);
    }
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

/* ---- the machine, and the boot CPU ---- */

#define MIB_SHIFT 20

static uint64_t usable_bytes(const struct boot_info *info)
{
    uint64_t sum = 0;

    for (unsigned int i = 0; i < info->memory_count; i++)
        if (info->memory[i].type == BOOT_MEMORY_RAM)
            sum += info->memory[i].size;
    return sum;
}

static void log_memory(const struct boot_info *info)
{
    kprintf("memory     %lu MiB of RAM in %u ranges, %lu MiB free\n",
            usable_bytes(info) >> MIB_SHIFT, info->memory_count,
            page_count_free() * PAGE_SIZE >> MIB_SHIFT);
    if (info->memory_dropped)
        kprintf("memory     %u ranges more than fit were left out\n", info->memory_dropped);
    if (info->initramfs_size)
        kprintf("initramfs  %lu KiB at %#lx\n", (info->initramfs_size + 1023) >> 10,
                info->initramfs.value);
}

static void log_clocks(void)
{
    kprintf("clocks     TSC %lu kHz, APIC timer %lu kHz, by %s; timer %s\n",
            clock_rates.tsc_hz / 1000, clock_rates.apic_timer_hz / 1000, clock_rates.source,
            clock_rates.deadline ? "by TSC deadline" : "by APIC count");
}

static void log_machine(const struct boot_info *info)
{
    char brand[CPU_BRAND_SIZE];
    uint32_t signature, ebx, ecx, edx;

    log_memory(info);
    log_clocks();
    cpu_read_brand(brand);
    __cpuid(1, signature, ebx, ecx, edx);
    kprintf("cpu        %s, signature %#x, APIC id %u\n", brand[0] ? brand : "(no brand string)",
            signature, apic_id());
    log_features();
    kprintf("\nregisters  CR0 %#lx, CR4 %#lx, EFER %#lx\n", read_cr0(), read_cr4(),
            rdmsr(MSR_EFER));
    log_xsave();
}

ATTACH(boot_clocks, log_machine);

/* ---- all CPUs ---- */

const char cpu_row_head[] =
    "cpu   APIC id  1.ECX     7.EBX     7.ECX     CR4.PKE  XCR0     PKRU offset  TSC offset";

void cpu_format_row(unsigned int cpu, char row[CPU_ROW_SIZE])
{
    const struct percpu *area = percpu_of(cpu);
    const struct cpu_facts *facts = cpu_facts_of(cpu);

    snprintf(row, CPU_ROW_SIZE, "%3u  %8u  %08x  %08x  %08x  %7u  0x%-5lx  %11u  %10ld", cpu,
             area->apic_id, facts->features_1_ecx, facts->features_7_ebx, facts->features_7_ecx,
             !!(facts->cr4 & CR4_PKE), facts->xcr0, facts->pkru_offset, area->tsc_offset);
}

static void log_table(void)
{
    char row[CPU_ROW_SIZE];

    kprintf("\ncpus       %s\n", cpu_row_head);
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
        cpu_format_row(cpu, row);
        kprintf("           %s\n", row);
    }
    kprintf("\n");
}

ATTACH(boot_machine, log_table);
