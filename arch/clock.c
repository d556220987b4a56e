// SPDX-License-Identifier: MIT
/*
 * Two readings of a reference, some two milliseconds apart, give the exact number of its ticks
 * between two readings of the other clocks.
 *
 * What CPUID says is the last resort: an emulator says there what the CPU has that it imitates.
 */
#include "arch/clock.h"

#include "arch/apic.h"
#include "arch/clock_reference.h"
#include "arch/cpu.h"
#include "arch/io.h"
#include "arch/percpu.h"

#define MEASURED_PER_SECOND 500 /* one part of a second in so many: 2 ms */
#define SAMPLE_TRIES        5
#define WAIT_LIMIT          1000000u

#define TSC_HZ_GUESS    1000000000ul
#define APIC_HZ_GUESS   62500000ul
#define NS_PER_SECOND   1000000000ul
#define TIMER_TICKS_MIN 16u

struct clock_rates clock_rates;

const char *clock_tsc_objection;

static uint64_t tsc_base, tsc_multiplier;
static uint64_t boot_seconds;

/* ---- measuring ---- */

struct sample {
    uint64_t reference, tsc;
    uint32_t apic; /* counts down */
};

/* Reads all three; of several tries the one that took the shortest, so the least disturbed. */
static struct sample take_sample(const struct clock_reference *reference)
{
    struct sample best = {0, 0, 0};
    uint64_t shortest = UINT64_MAX;

    for (unsigned int i = 0; i < SAMPLE_TRIES; i++) {
        uint64_t before = rdtsc();
        struct sample sample = {.reference = reference->read(), .apic = apic_timer_remaining()};
        sample.tsc = rdtsc();
        if (sample.tsc - before >= shortest)
            continue;
        shortest = sample.tsc - before;
        best = sample;
    }
    return best;
}

bool clock_measure(const struct clock_reference *reference, struct clock_rates *rates)
{
    apic_timer_start_counting();
    struct sample first = take_sample(reference);

    for (uint32_t i = 0; i < WAIT_LIMIT; i++) {
        if (((reference->read() - first.reference) & reference->mask) <
            reference->hz / MEASURED_PER_SECOND)
            continue;
        struct sample last = take_sample(reference);
        uint64_t ticks = (last.reference - first.reference) & reference->mask;
        rates->tsc_hz = (last.tsc - first.tsc) * reference->hz / ticks;
        rates->apic_timer_hz = (uint64_t)(first.apic - last.apic) * reference->hz / ticks;
        rates->source = reference->name;
        return rates->tsc_hz && rates->apic_timer_hz;
    }
    return false;
}

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

static void find_rates(struct clock_rates *rates)
{
    const struct clock_reference *reference;

    for (unsigned int i = 0; (reference = clock_reference(i)); i++)
        if (clock_measure(reference, rates))
            return;
    if (!rates_by_cpuid(rates))
        *rates = (struct clock_rates){TSC_HZ_GUESS, APIC_HZ_GUESS, "a guess", false};
}

/* ---- the date ---- */

static uint8_t rtc_register(uint8_t number)
{
    outb(0x70, number);
    return inb(0x71);
}

/* A register of the RTC, which counts in BCD unless bit 2 of status B says otherwise. */
static uint32_t rtc_value(uint8_t number)
{
    uint8_t value = rtc_register(number);

    return rtc_register(0x0b) & 4 ? value : (value >> 4) * 10u + (value & 15);
}

/* Days from 1970-01-01 to a date of the Gregorian calendar, March being the first month. */
static uint64_t days_since_1970(uint64_t year, uint64_t month, uint64_t day)
{
    if (month < 3) {
        year--;
        month += 12;
    }
    return 365 * year + year / 4 - year / 100 + year / 400 + (153 * (month - 3) + 2) / 5 + day -
           719469;
}

static uint64_t read_rtc(void)
{
    if (rtc_register(0x0b) == 0xff) /* nobody answers */
        return 0;
    for (uint32_t i = 0; i < WAIT_LIMIT && (rtc_register(0x0a) & 0x80); i++)
        cpu_relax(); /* an update is under way */
    uint64_t days = days_since_1970(2000 + rtc_value(9), rtc_value(8), rtc_value(7));
    return ((days * 24 + rtc_value(4)) * 60 + rtc_value(2)) * 60 + rtc_value(0);
}

/* ---- all of them ---- */

/* At one rate whatever the CPU does; a hypervisor makes it from a clock of its own. */
static bool tsc_is_steady(void)
{
    return this_cpu_has(X86_FEATURE_INVARIANT_TSC) || this_cpu_has(X86_FEATURE_HYPERVISOR);
}

void clock_calibrate(bool has_rtc)
{
    find_rates(&clock_rates);
    if (!tsc_is_steady())
        clock_tsc_objection = "the rate of the TSC may change: CPUID has no invariant TSC";
    clock_rates.deadline = apic_timer_has_deadline();
    tsc_base = rdtsc();
    tsc_multiplier = (NS_PER_SECOND << 32) / clock_rates.tsc_hz;
    boot_seconds = has_rtc ? read_rtc() : 0;
}

/* ---- time ---- */

void clock_read_formula(uint64_t *base, uint64_t *multiplier)
{
    *base = tsc_base;
    *multiplier = tsc_multiplier;
}

/* The latest time that any CPU has told, so that none tells an earlier one afterwards. */
static uint64_t not_before_any(uint64_t now)
{
    static uint64_t latest;
    uint64_t seen = __atomic_load_n(&latest, __ATOMIC_ACQUIRE);

    while (seen < now)
        if (__atomic_compare_exchange_n(&latest, &seen, now, true, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE))
            return now;
    return seen;
}

/*
 * Why time does not go backwards between CPUs. Say one reads its TSC and tells another, which then
 * reads its own (RDTSC after LFENCE, or it might be read before the message):
 *
 * - Where the TSCs are common, no offset is added. They were compared when the CPUs were started
 *   (kernel/smp.c), each in several rounds of a message to and fro, with bounds that left room for
 *   no difference at all. A TSC that was behind by more than a message takes would have shown: its
 *   answer would have been below the boot CPU's reading from before the question. One that is
 *   behind by less cannot be caught at it, because telling it takes longer. So nothing is written
 *   that CPUs share, and programs may read the clock themselves (the vDSO).
 * - Otherwise the offset is known as well as a message is quick, or the rates differ, and the
 *   difference grows. Then the latest time told counts for all CPUs, at the price of a cache line
 *   that all of them write to.
 */
uint64_t clock_monotonic_ns(void)
{
    uint64_t ticks = rdtsc_after_loads() + (uint64_t)this_cpu()->tsc_offset - tsc_base;
    uint64_t ns = (uint64_t)((unsigned __int128)ticks * tsc_multiplier >> 32);

    return clock_tsc_objection ? not_before_any(ns) : ns;
}

/* Without overflow for any time that a program can ask for: seconds and the rest apart. */
static uint64_t ns_to_ticks(uint64_t ns, uint64_t hz)
{
    return ns / NS_PER_SECOND * hz + ns % NS_PER_SECOND * hz / NS_PER_SECOND;
}

void clock_interrupt_after(uint64_t ns)
{
    if (clock_rates.deadline) {
        apic_timer_deadline(rdtsc() + ns_to_ticks(ns, clock_rates.tsc_hz));
        return;
    }
    uint64_t ticks = ns_to_ticks(ns, clock_rates.apic_timer_hz);
    if (ticks < TIMER_TICKS_MIN)
        ticks = TIMER_TICKS_MIN;
    apic_timer_once(ticks < UINT32_MAX ? (uint32_t)ticks : UINT32_MAX);
}

uint64_t clock_ticks(uint64_t microseconds)
{
    return ns_to_ticks(microseconds * 1000, clock_rates.tsc_hz);
}

void clock_wait(uint64_t microseconds)
{
    uint64_t start = rdtsc();
    uint64_t ticks = clock_ticks(microseconds);

    while (rdtsc() - start < ticks)
        cpu_relax();
}

uint64_t clock_boot_seconds(void)
{
    return boot_seconds;
}
