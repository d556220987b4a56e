// SPDX-License-Identifier: MIT
/*
 * A reference is read twice, about two milliseconds apart, together with the other clocks: its
 * ticks give the exact time between their readings.
 */
#include "arch/device/clock.h"

#include "arch/cpu/cpu.h"
#include "arch/cpu/io.h"
#include "arch/cpu/percpu.h"
#include "arch/device/apic.h"

#define MEASURED_PER_SECOND 500 /* 1/500 second: 2 ms */
#define SAMPLE_TRIES        5
#define WAIT_LIMIT          1000000u

#define TIMER_TICKS_MIN 16u

/* The PIT's channel 2, which raises no interrupt: Intel 8254 data sheet. */
#define PIT_HZ       1193182ul
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND  0x43
#define PIT_MODE     0xb0 /* channel 2, low then high byte, mode 0 */
#define PIT_LATCH    0x80 /* channel 2 */
#define PORT_B       0x61 /* bit 0: gate of channel 2; bit 1: the speaker */

#define ALIVE_READS 1000 /* a counter that has not moved by then is dead; a read takes 1/4 us */

struct clock_rates clock_rates = {1000000000, 62500000, "a guess", false};

const char *clock_tsc_objection = "the TSCs of the CPUs have not been compared";

uint64_t clock_tsc_base, clock_tsc_multiplier;

uint64_t clock_boot_seconds;

/* ---- references ---- */

bool clock_counts(const struct clock_reference *reference)
{
    uint64_t first = reference->read() & reference->mask;

    for (unsigned int i = 0; i < ALIVE_READS; i++)
        if ((reference->read() & reference->mask) != first)
            return true;
    return false;
}

static uint64_t read_pit(void)
{
    outb(PIT_COMMAND, PIT_LATCH);
    uint32_t low = inb(PIT_CHANNEL2);
    return 0xffff - (low | (uint32_t)inb(PIT_CHANNEL2) << 8);
}

const struct clock_reference clock_pit = {"the PIT", PIT_HZ, 0xffff, read_pit};

static void start_pit(void)
{
    outb(PORT_B, (uint8_t)((inb(PORT_B) & ~2u) | 1));
    outb(PIT_COMMAND, PIT_MODE);
    outb(PIT_CHANNEL2, 0xff);
    outb(PIT_CHANNEL2, 0xff);
}

/* ---- measuring ---- */

struct sample {
    uint64_t reference, tsc;
    uint32_t apic; /* counts down */
};

/* Reads all three; of several tries keeps the quickest, which was least disturbed. */
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

void clock_calibrate(void)
{
    struct clock_rates rates = {0};

    start_pit();
    if ((clock_counts(&clock_pit) && clock_measure(&clock_pit, &rates)) ||
        ASK(clock_wants_rates, &rates))
        clock_rates = rates;
    clock_rates.deadline = this_cpu_has(X86_FEATURE_TSC_DEADLINE);
    clock_tsc_base = rdtsc();
    clock_tsc_multiplier = (NS_PER_SECOND << 32) / clock_rates.tsc_hz;
}

/* ---- time ---- */

/*
 * Time does not go backwards between CPUs: say one reads its TSC and tells another, which then
 * reads its own (RDTSC after LFENCE, or it might be read before the message). Unless somebody has
 * compared the TSCs and found them common (kernel/cpus/tsc.c), the latest time that any CPU has
 * told counts for all, at the price of a cache line that all of them write to.
 */
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

uint64_t clock_monotonic_ns(void)
{
    uint64_t ticks = rdtsc_after_loads() + (uint64_t)this_cpu()->tsc_offset - clock_tsc_base;
    uint64_t ns = (uint64_t)((unsigned __int128)ticks * clock_tsc_multiplier >> 32);

    return clock_tsc_objection ? not_before_any(ns) : ns;
}

/* Seconds and the rest apart, so that no time that a program can ask for overflows. */
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
