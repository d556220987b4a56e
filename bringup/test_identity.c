// SPDX-License-Identifier: MIT
/* Who the CPU is, and whether it is set up as the boot CPU is. */
#include <stddef.h>

#include "arch/board/mc_banks.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/percpu.h"
#include "arch/cpu/types.h"
#include "arch/device/apic.h"
#include "bringup/probe.h"
#include "bringup/test.h"
#include "bringup/topology.h"
#include "kernel/cpus/facts.h"
#include "libc/core/format.h"
#include "libc/include/string.h"

/* SDM vol. 4, table 2-2 and 2-20. */
#define MSR_PPIN          0x4f
#define MSR_BIOS_SIGN_ID  0x8b
#define MSR_MTRRCAP       0xfe
#define MSR_MTRR_BASE0    0x200
#define MSR_MTRR_FIX_64K  0x250
#define MSR_MTRR_FIX_16K  0x258
#define MSR_MTRR_FIX_4K   0x268
#define MSR_MTRR_DEF_TYPE 0x2ff

#define MTRRS_MAX 64

#define CPUID_MTRR CPUID_BIT(1, 0, EDX, 12)

/* CPUID 1 puts the update's signature into the register that was cleared: SDM vol. 3A, 9.11.7.1. */
static void record_microcode(struct test_run *run)
{
    uint32_t registers[4];

    probe(probe_wrmsr, MSR_BIOS_SIGN_ID, 0, 0);
    cpuid_now(1, 0, registers);
    struct probe_result result = probe(probe_rdmsr, MSR_BIOS_SIGN_ID, 0, 0);
    record(run, "signature %#x", registers[CPUID_EAX]);
    if (result.faulted)
        record(run, "microcode not readable");
    else
        record(run, "microcode %#lx", result.value >> 32 ? result.value >> 32 : result.value);
}

void test_identity(struct test_run *run)
{
    paddr_t page;
    struct place place;

    record_microcode(run);
    if (topology_place(cpu_apic_id(), &place))
        record(run, "package %u core %u thread %u", place.package, place.core, place.thread);
    record(run, apic_is_memory_mapped(&page) ? "xAPIC" : "x2APIC");
    struct probe_result ppin = probe(probe_rdmsr, MSR_PPIN, 0, 0);
    if (!ppin.faulted && ppin.value)
        record(run, "PPIN %#lx", ppin.value);
    expect_equal(run, "APIC id by CPUID", this_cpu()->apic_id, cpu_apic_id());
    expect_equal(run, "APIC id by the APIC", this_cpu()->apic_id, apic_id());
}

/* ---- the same on all ---- */

/* What the boot CPU had when the test came to it, which it does first. */
static struct memory_types {
    uint64_t value[MTRRS_MAX];
    unsigned int count;
} boot_types;

static void add_type(struct memory_types *types, uint32_t msr)
{
    struct probe_result result = probe(probe_rdmsr, msr, 0, 0);

    if (types->count < MTRRS_MAX)
        types->value[types->count++] = result.faulted ? 0 : result.value;
}

static void read_types(struct memory_types *types)
{
    types->count = 0;
    if (!this_cpu_has(CPUID_MTRR))
        return;
    uint64_t capabilities = probe(probe_rdmsr, MSR_MTRRCAP, 0, 0).value;
    add_type(types, MSR_MTRR_DEF_TYPE);
    add_type(types, MSR_MTRR_FIX_64K);
    for (uint32_t i = 0; i < 2; i++)
        add_type(types, MSR_MTRR_FIX_16K + i);
    for (uint32_t i = 0; i < 8; i++)
        add_type(types, MSR_MTRR_FIX_4K + i);
    for (uint32_t i = 0; i < 2 * (capabilities & 0xff); i++)
        add_type(types, MSR_MTRR_BASE0 + i);
}

/* SDM vol. 3A, table 9-1: INIT leaves them as they are. */
static bool are_cleared_by_init(const struct test_run *run, const struct memory_types *types)
{
    for (unsigned int i = 0; i < types->count; i++)
        if (types->value[i])
            return false;
    return run->emulator == EMULATOR_TCG && run->cpu != 0;
}

static void expect_types(struct test_run *run, const struct memory_types *types)
{
    char name[32];

    expect_equal(run, "number of MTRRs", boot_types.count, types->count);
    if (boot_types.value[0] && are_cleared_by_init(run, types)) {
        known(run, "QEMU clears the MTRRs at INIT");
        return;
    }
    for (unsigned int i = 0; i < types->count; i++) {
        snprintf(name, sizeof(name), "MTRR %u", i);
        expect_equal(run, name, boot_types.value[i], types->value[i]);
    }
}

void test_registers(struct test_run *run)
{
    struct memory_types types;
    struct cpu_difference difference;
    struct cpu_facts facts;

    cpu_read_facts(&facts);
    read_types(run->cpu == 0 ? &boot_types : &types);
    if (run->cpu == 0)
        types = boot_types;
    if (cpu_facts_differ(cpu_facts_of(0), &facts, CPU_FEATURES_AND_REGISTERS, &difference))
        expect_equal(run, difference.name, difference.expected, difference.found);
    expect_types(run, &types);
    record(run, "CR0 %#lx CR4 %#lx EFER %#lx XCR0 %#lx PAT %#lx; %u MTRRs", facts.cr0, facts.cr4,
           facts.efer, facts.xcr0, facts.pat, types.count);
}

/* ---- machine checks ---- */

void test_machine_checks(struct test_run *run)
{
    unsigned int banks = machine_check_banks();
    struct machine_check check;

    if (!banks) {
        skip(run, "the CPU has no machine-check banks");
        return;
    }
    for (unsigned int bank = 0; bank < banks; bank++)
        if (machine_check_read(bank, &check))
            fail(run, "no error logged in any bank", "bank %u: status %#lx, address %#lx", bank,
                 check.status, check.address);
    record(run, "%u banks without an error", banks);
}
