// SPDX-License-Identifier: MIT
/* The other CPUs and the clocks: what bring-up left, and interrupts between CPUs. */
#include "arch/chipset/chipset.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/percpu.h"
#include "arch/cpu/trap.h"
#include "arch/device/apic.h"
#include "arch/device/clock.h"
#include "kernel/cpus/facts.h"
#include "tests/kernel/ktest.h"

KTEST(cpus_are_alike)
{
    struct cpu_difference difference;
    struct cpu_facts now;

    cpu_read_facts(&now);
    for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
        EXPECT_EQUAL(percpu_of(cpu)->number, cpu);
        EXPECT_EQUAL(cpu_facts_of(cpu)->apic_id, percpu_of(cpu)->apic_id);
        EXPECT(percpu_of(cpu)->self == percpu_of(cpu));
        EXPECT(!cpu_facts_differ(&now, cpu_facts_of(cpu), CPU_FEATURES_AND_REGISTERS, &difference));
        for (unsigned int other = 0; other < cpu; other++)
            EXPECT(percpu_of(other)->apic_id != percpu_of(cpu)->apic_id);
    }
    EXPECT(percpu_of(0) == this_cpu());
    ktest_note("%u CPUs", cpu_count);
}

/* Each register and each word of features is compared, but for what follows the registers. */
KTEST(cpu_differences_are_found)
{
    struct cpu_difference difference;
    struct cpu_facts one, other;

    cpu_read_facts(&one);
    other = one;
    EXPECT(!cpu_facts_differ(&one, &other, CPU_FEATURES_AND_REGISTERS, &difference));
    other.cr4 ^= CR4_PKE;
    EXPECT(cpu_facts_differ(&one, &other, CPU_FEATURES_AND_REGISTERS, &difference));
    EXPECT_EQUAL(difference.expected ^ difference.found, CR4_PKE);
    EXPECT(!cpu_facts_differ(&one, &other, CPU_FEATURES, &difference));
    other = one;
    other.features_7_ecx ^= 1u << 4; /* OSPKE */
    EXPECT(cpu_facts_differ(&one, &other, CPU_FEATURES_AND_REGISTERS, &difference));
    EXPECT(!cpu_facts_differ(&one, &other, CPU_FEATURES, &difference));
    other.features_7_ecx ^= 1u << 3; /* PKU */
    EXPECT(cpu_facts_differ(&one, &other, CPU_FEATURES, &difference));
    other = one;
    other.xcr0 ^= 1ul << 9;
    EXPECT(cpu_facts_differ(&one, &other, CPU_FEATURES_AND_REGISTERS, &difference));
}

KTEST(cpu_sets)
{
    static const unsigned int members[] = {0, 1, 63, 64, 127, 200, 255};
    struct cpu_set set;
    unsigned int cpu, number = 0;

    cpu_set_clear(&set);
    EXPECT(cpu_set_is_empty(&set));
    for (unsigned int i = 0; i < array_size(members); i++)
        cpu_set_add(&set, members[i]);
    EXPECT_EQUAL(cpu_set_count(&set), array_size(members));
    for_each_cpu(cpu, &set) EXPECT_EQUAL(cpu, members[number++]);
    EXPECT_EQUAL(number, array_size(members));
    cpu_set_remove(&set, 64);
    EXPECT(!cpu_set_has(&set, 64));
    EXPECT_EQUAL(cpu_set_next(&set, 64), 127);
    EXPECT_EQUAL(cpu_set_next(&set, CPU_MAX), CPU_MAX);
}

/* Every counter of a known rate tells the TSC's rate, to two parts in a hundred. */
KTEST(clock_references_agree)
{
    const struct clock_reference *reference = &clock_pit;

    for (unsigned int i = 0; reference; reference = clock_reference(i++)) {
        struct clock_rates rates;
        if (!clock_counts(reference)) /* a machine may lack the PIT */
            continue;
        uint64_t flags = irq_save();
        bool measured = clock_measure(reference, &rates);
        clock_interrupt_after(0);
        irq_restore(flags);
        EXPECT(measured);
        ktest_note("%s: TSC %lu kHz", reference->name, rates.tsc_hz / 1000);
        EXPECT(rates.tsc_hz > clock_rates.tsc_hz / 100 * 98);
        EXPECT(rates.tsc_hz < clock_rates.tsc_hz / 100 * 102);
    }
}

/* ---- interrupts between CPUs ---- */

static unsigned int nmis_taken;
static uint64_t wrong_gs;

/* Every exception comes here first; this takes NMIs, and looks whether GS is the kernel's. */
static bool count_nmi(struct trap_frame *frame)
{
    if (frame->vector != VECTOR_NMI)
        return false;
    if (this_cpu()->self != this_cpu())
        wrong_gs++;
    __atomic_fetch_add(&nmis_taken, 1, __ATOMIC_RELAXED);
    return true;
}

/* To itself: each comes out of the kernel, with whatever GS, and goes back as if it had not. */
KTEST(nmi_comes_and_goes)
{
    uint64_t kernel_gs = rdmsr(MSR_GS_BASE);
    static const uint64_t bases[] = {0, 0x1000, 0xffff888000000000ul, 0x00007ffffffff000ul};

    nmis_taken = 0;
    wrong_gs = 0;
    trap_hook = count_nmi;
    for (unsigned int i = 0; i < array_size(bases); i++) {
        unsigned int before = nmis_taken;
        uint64_t flags = irq_save();
        wrmsr(MSR_GS_BASE, bases[i]); /* as in the entry code before SWAPGS */
        apic_send(cpu_apic_id(), APIC_ICR_NMI);
        for (unsigned int wait = 0; wait < 1000000 && nmis_taken == before; wait++)
            cpu_relax();
        uint64_t after = rdmsr(MSR_GS_BASE);
        wrmsr(MSR_GS_BASE, kernel_gs);
        irq_restore(flags);
        EXPECT_EQUAL(nmis_taken, before + 1);
        EXPECT_EQUAL(after, bases[i]);
    }
    trap_hook = NULL;
    EXPECT_EQUAL(wrong_gs, 0);
}
