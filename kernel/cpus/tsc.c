// SPDX-License-Identifier: MIT
/* Comparing the TSCs of the CPUs, each in rounds of a message to and fro with the boot CPU. */
#include <stdbool.h>
#include <stdint.h>

#include "arch/chipset/cpuid.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/percpu.h"
#include "arch/device/clock.h"
#include "arch/start/start.h"
#include "kernel/console/console.h"
#include "kernel/start/events.h"
#include "kernel/start/start.h"

/*
 * How long an answer may take: an emulator's CPU may not get the host's time at once, and a late
 * answer says no less about its TSC. The bounds are only wider.
 */
#define ANSWER_LIMIT_US 5000000ul
#define ROUNDS          8
#define NO_MORE         UINT32_MAX

/* Of each slot: the number of the round that is asked for, and of the one that was answered. */
static struct exchange {
    uint32_t asked, answered;
    uint64_t tsc; /* the answer */
} exchanges[CPU_MAX];

static bool are_all_common = true;

static struct exchange *exchange_of(const struct ap_slot *slot)
{
    return &exchanges[slot - smp_plan.slots];
}

/* On the CPU that is compared. */
static void answer(struct ap_slot *slot)
{
    struct exchange *exchange = exchange_of(slot);
    uint32_t asked;

    while ((asked = __atomic_load_n(&exchange->asked, __ATOMIC_ACQUIRE)) != NO_MORE) {
        if (asked == exchange->answered) {
            cpu_relax();
            continue;
        }
        exchange->tsc = rdtsc_ordered();
        __atomic_store_n(&exchange->answered, asked, __ATOMIC_RELEASE);
    }
}

/* What to add to the CPU's TSC gives the boot CPU's: not less, not more. */
struct bounds {
    int64_t low, high;
};

/* The answer was read between two readings here. Narrows the bounds; false: none came in time. */
static bool compare_once(struct exchange *exchange, uint32_t round, struct bounds *bounds)
{
    uint64_t before = rdtsc_ordered();
    uint64_t limit = clock_ticks(ANSWER_LIMIT_US);

    __atomic_store_n(&exchange->asked, round, __ATOMIC_RELEASE);
    while (__atomic_load_n(&exchange->answered, __ATOMIC_ACQUIRE) != round) {
        if (rdtsc() - before > limit)
            return false;
        cpu_relax();
    }
    int64_t low = (int64_t)(before - exchange->tsc);
    int64_t high = (int64_t)(rdtsc_ordered() - exchange->tsc);
    if (low > bounds->low)
        bounds->low = low;
    if (high < bounds->high)
        bounds->high = high;
    return true;
}

/*
 * Where the bounds leave room for 0 the TSCs agree as far as can be told. Otherwise the kernel's
 * clock is put right, but programs that read TSCs of several CPUs will notice.
 */
static void compare_tsc(struct ap_slot *slot)
{
    struct exchange *exchange = exchange_of(slot);
    struct bounds bounds = {INT64_MIN, INT64_MAX};
    bool has_answered = true;

    smp_call(slot, answer);
    for (uint32_t round = 1; round <= ROUNDS && has_answered; round++)
        has_answered = compare_once(exchange, round, &bounds);
    __atomic_store_n(&exchange->asked, NO_MORE, __ATOMIC_RELEASE);
    if (has_answered && bounds.low <= 0 && bounds.high >= 0)
        return;
    are_all_common = false;
    if (!has_answered) {
        kprintf(KERN_WARNING "cpus       APIC id %u did not answer when its TSC was compared\n",
                slot->apic_id);
    } else if (bounds.low > bounds.high) {
        kprintf(KERN_WARNING
                "cpus       the TSC of APIC id %u runs at another rate than the boot CPU's\n",
                slot->apic_id);
    } else {
        slot->cpu->tsc_offset = bounds.low + (bounds.high - bounds.low) / 2;
        kprintf(KERN_WARNING "cpus       the TSC of APIC id %u is off by %ld\n", slot->apic_id,
                -slot->cpu->tsc_offset);
    }
}

ATTACH(cpu_is_ready, compare_tsc);

/* At one rate whatever the CPU does; a hypervisor makes it from a clock of its own. */
static bool tsc_is_steady(void)
{
    return this_cpu_has(X86_FEATURE_INVARIANT_TSC) || this_cpu_has(X86_FEATURE_HYPERVISOR);
}

/*
 * Where the TSCs are common, no offset is added, and yet time does not go backwards between CPUs
 * (arch/device/clock.c). They were compared in several rounds of a message to and fro, with bounds
 * that left room for no difference at all. A TSC that was behind by more than a message takes would
 * have shown: its answer would have been below the boot CPU's reading from before the question. One
 * that is behind by less cannot be caught at it, because telling it takes longer. So nothing is
 * written that CPUs share, and programs may read the clock themselves (the vDSO).
 *
 * Otherwise the offset is not known, or as well as a message is quick, or the rates differ, and the
 * difference grows.
 */
static void judge_tsc(void)
{
    if (!tsc_is_steady())
        clock_tsc_objection = "the rate of the TSC may change: CPUID has no invariant TSC";
    else if (!are_all_common)
        clock_tsc_objection = "the TSCs of the CPUs are not known to be the same";
    else
        clock_tsc_objection = NULL;
}

ATTACH(boot_machine, judge_tsc);
