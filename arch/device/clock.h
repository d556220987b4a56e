// SPDX-License-Identifier: MIT
/*
 * Clocks: the TSC, and each CPU's timer.
 *
 * The room owns the devices that every machine has: the local APIC, clocks, the UART. It leaves
 * what else a board's chipset has to arch/chipset/, what time means to programs to kernel/time/,
 * and the choice of a serial port to kernel/console/.
 */
#ifndef ARCH_DEVICE_CLOCK_H
#define ARCH_DEVICE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu/attach.h"

#define NS_PER_SECOND      1000000000ul
#define NS_PER_MILLISECOND 1000000ul

/* A counter of known rate, to measure the TSC and the APIC timer with. It may be missing. */
struct clock_reference {
    const char *name;
    uint64_t hz;
    uint64_t mask;          /* the bits that it counts in */
    uint64_t (*read)(void); /* counts up */
};

/* The one that the core knows. Rooms above are asked for others only if it does not count. */
extern const struct clock_reference clock_pit;

/* Whether it moves at all. */
bool clock_counts(const struct clock_reference *reference);

struct clock_rates {
    uint64_t tsc_hz;
    uint64_t apic_timer_hz;
    const char *source; /* where they come from */
    bool deadline;      /* the timer compares with the TSC, and apic_timer_hz is not used */
};

/* Before clock_calibrate(): what to assume if no reference counts. */
extern struct clock_rates clock_rates;

/*
 * Measures both clocks against the PIT for two milliseconds, or asks rooms above; the APIC must be
 * set up. Every wait has a limit.
 */
void clock_calibrate(void);

/* The PIT does not count: not 0 if a room has filled in the rates. At boot on one CPU. */
EVENT(clock_wants_rates, int, struct clock_rates *rates);

/* Measures the rates by one reference: false when it or one of the clocks does not count. */
bool clock_measure(const struct clock_reference *reference, struct clock_rates *rates);

/*
 * Nanoseconds since boot, by the TSC. Never goes backwards: who has learnt of a time from another
 * CPU is not told an earlier one. clock.c says why.
 */
uint64_t clock_monotonic_ns(void);

/*
 * NULL when every CPU may use its TSC unchanged as the machine's time; otherwise why not, in words
 * for the boot log. Set by the room that compares the TSCs, before the first program.
 */
extern const char *clock_tsc_objection;

/* With such TSCs, ns = (TSC - base) * multiplier >> 32. */
extern uint64_t clock_tsc_base, clock_tsc_multiplier;

/* Has this CPU's timer interrupt once at VECTOR_TIMER, after that many nanoseconds; 0: at once. */
void clock_interrupt_after(uint64_t ns);

/* Microseconds as ticks of the TSC; and a busy wait for that long. */
uint64_t clock_ticks(uint64_t microseconds);
void clock_wait(uint64_t microseconds);

/* Seconds since 1970-01-01 UTC when the kernel started; 0 unless a room above has read a clock. */
extern uint64_t clock_boot_seconds;

#endif
