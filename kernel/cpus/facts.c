// SPDX-License-Identifier: MIT
#include "kernel/cpus/facts.h"

#include <stddef.h>

#include "arch/chipset/cpuid.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/percpu.h"
#include "arch/cpu/types.h"
#include "arch/fpu/fpu.h"
#include "arch/mmu/pkru.h"
#include "arch/start/start.h"
#include "kernel/start/events.h"
#include "kernel/start/start.h"
#include "libc/core/format.h"
#include "libc/include/string.h"

#define OSXSAVE_1_ECX (1u << 27) /* CPUID 1 ECX: CR4.OSXSAVE */
#define OSPKE_7_ECX   (1u << 4)  /* CPUID 7.0 ECX: CR4.PKE */

struct fact {
    const char *name;
    size_t offset, size;
    bool is_feature;
    uint32_t follows; /* bits that follow a register */
};

#define FEATURE(field, name, follows)                                                \
    {                                                                                \
        (name), offsetof(struct cpu_facts, field), sizeof(uint32_t), true, (follows) \
    }
#define REGISTER(field, name)                                                                 \
    {                                                                                         \
        (name), offsetof(struct cpu_facts, field), sizeof(((struct cpu_facts *)NULL)->field), \
            false, 0                                                                          \
    }

/* Registers first: a bit of CPUID that follows one is the lesser news. */
static const struct fact facts_compared[] = {
    REGISTER(cr0, "CR0"),
    REGISTER(cr4, "CR4"),
    REGISTER(efer, "EFER"),
    REGISTER(xcr0, "XCR0"),
    REGISTER(pat, "PAT"),
    REGISTER(star, "STAR"),
    REGISTER(lstar, "LSTAR"),
    REGISTER(sfmask, "SFMASK"),
    REGISTER(xsave_size, "XSAVE size"),
    REGISTER(pkru_offset, "PKRU offset"),
    REGISTER(pkru, "PKRU"),
    FEATURE(signature, "CPUID 1 EAX", 0),
    FEATURE(features_1_ecx, "CPUID 1 ECX", OSXSAVE_1_ECX),
    FEATURE(features_1_edx, "CPUID 1 EDX", 0),
    FEATURE(features_7_ebx, "CPUID 7.0 EBX", 0),
    FEATURE(features_7_ecx, "CPUID 7.0 ECX", OSPKE_7_ECX),
    FEATURE(features_d_eax, "CPUID 0xD.1 EAX", 0),
    FEATURE(features_ext_ecx, "CPUID 0x80000001 ECX", 0),
    FEATURE(features_ext_edx, "CPUID 0x80000001 EDX", 0),
};

/* All zeros for a leaf beyond the highest. */
static void read_leaf(uint32_t leaf, uint32_t index, uint32_t registers[4])
{
    memset(registers, 0, 4 * sizeof(registers[0]));
    if ((uint32_t)__get_cpuid_max(leaf & 0x80000000u, NULL) >= leaf)
        cpuid_now(leaf, index, registers);
}

static void read_features(struct cpu_facts *facts)
{
    uint32_t registers[4];

    read_leaf(1, 0, registers);
    facts->signature = registers[CPUID_EAX];
    facts->features_1_ecx = registers[CPUID_ECX];
    facts->features_1_edx = registers[CPUID_EDX];
    read_leaf(7, 0, registers);
    facts->features_7_ebx = registers[CPUID_EBX];
    facts->features_7_ecx = registers[CPUID_ECX];
    read_leaf(0xd, 1, registers);
    facts->features_d_eax = registers[CPUID_EAX];
    read_leaf(0x80000001u, 0, registers);
    facts->features_ext_ecx = registers[CPUID_ECX];
    facts->features_ext_edx = registers[CPUID_EDX];
}

static void read_xsave(struct cpu_facts *facts)
{
    uint32_t registers[4];

    facts->xcr0 = fpu_read_xcr0();
    read_leaf(0xd, 0, registers);
    facts->xsave_size = registers[CPUID_EBX];
}

static void read_keys(struct cpu_facts *facts)
{
    size_t offset, size;

    fpu_component(9, &offset, &size);
    facts->pkru_offset = (uint32_t)offset;
    facts->pkru = read_pkru();
}

void cpu_read_facts(struct cpu_facts *facts)
{
    *facts = (struct cpu_facts){.apic_id = cpu_apic_id()};
    read_features(facts);
    facts->cr0 = read_cr0();
    facts->cr4 = read_cr4();
    facts->efer = rdmsr(MSR_EFER);
    if (this_cpu_has(X86_FEATURE_PAT))
        facts->pat = rdmsr(MSR_PAT);
    facts->star = rdmsr(MSR_STAR);
    facts->lstar = rdmsr(MSR_LSTAR);
    facts->sfmask = rdmsr(MSR_SFMASK);
    if (facts->cr4 & CR4_OSXSAVE)
        read_xsave(facts);
    if (facts->cr4 & CR4_PKE)
        read_keys(facts);
}

static uint64_t read_fact(const struct cpu_facts *facts, const struct fact *fact)
{
    uint64_t value = 0;

    memcpy(&value, (const char *)facts + fact->offset, fact->size);
    return value;
}

bool cpu_facts_differ(const struct cpu_facts *expected, const struct cpu_facts *found,
                      enum cpu_facts_compared compared, struct cpu_difference *difference)
{
    bool features_only = compared == CPU_FEATURES;

    for (unsigned int i = 0; i < array_size(facts_compared); i++) {
        const struct fact *fact = &facts_compared[i];
        uint64_t ignored = features_only ? fact->follows : 0;

        if (features_only && !fact->is_feature)
            continue;
        difference->name = fact->name;
        difference->expected = read_fact(expected, fact) & ~ignored;
        difference->found = read_fact(found, fact) & ~ignored;
        if (difference->expected != difference->found)
            return true;
    }
    return false;
}

/* ---- of each CPU ---- */

/* The boot CPU's, then those of the slots (kernel/start/start.h). */
static struct cpu_facts facts_found[1 + CPU_MAX];

static struct cpu_facts *facts_of_slot(const struct ap_slot *slot)
{
    return &facts_found[slot ? 1 + (slot - smp_plan.slots) : 0];
}

struct ap_slot *cpu_slot_of(unsigned int cpu)
{
    for (unsigned int i = 0; i < smp_plan.count; i++)
        if (smp_plan.slots[i].cpu == percpu_of(cpu))
            return &smp_plan.slots[i];
    return NULL;
}

const struct cpu_facts *cpu_facts_of(unsigned int cpu)
{
    return facts_of_slot(cpu_slot_of(cpu));
}

static void read_boot_cpu(const struct boot_info *info)
{
    (void)info;
    cpu_read_facts(facts_of_slot(NULL));
}

ATTACH(boot_clocks, read_boot_cpu);

/* A CPU compares itself, twice: it cannot be set up if it has not the boot CPU's features. */
static int differs_from_boot_cpu(struct ap_slot *slot, enum ap_step step)
{
    struct cpu_facts *facts = facts_of_slot(slot);
    struct cpu_difference difference;

    cpu_read_facts(facts);
    if (!cpu_facts_differ(facts_of_slot(NULL), facts,
                          step == AP_BEFORE_SET_UP ? CPU_FEATURES : CPU_FEATURES_AND_REGISTERS,
                          &difference))
        return 0;
    snprintf(slot->problem, sizeof(slot->problem),
             "is not used: its %s is %#lx, the boot CPU's %#lx", difference.name, difference.found,
             difference.expected);
    return 1;
}

ATTACH(cpu_is_unfit, differs_from_boot_cpu);
