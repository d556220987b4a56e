// SPDX-License-Identifier: MIT
/*
 * Clocks: the TSC, and each CPU's timer.
 *
 * The room owns the devices that every machine has: the local APIC, clocks, the UART. It leaves
 * what a board's chipset has besides to arch/chipset/, what time means to programs to kernel/time/,
 * and the choice of a serial port to kernel/console/.
 */
#ifndef ARCH_DEVICE_CLOCK_H
#define ARCH_DEVICE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu/attach.h"

#define NS_PER_SECOND      1000000000ul
#define NS_PER_MILLISECOND 1000000ul

/* A counter of a known rate, to measure the TSC and the APIC timer by. A machine may lack any. */
struct clock_reference {
    const char *name;
    uint64_t hz;
    uint64_t mask;          /* the bits that it counts in */
    uint64_t (*read)(void); /* counts up */
};

/* The one that the core knows; it is to be preferred. */
extern const struct clock_reference clock_pit;

/* Whether it moves at all. */
bool clock_counts(const struct clock_reference *reference);

struct clock_rates {
    uint64_t tsc_hz;
    uint64_t apic_timer_hz;
    const char *source; /* what told them */
    bool deadline;      /* the timer compares with the TSC, and apic_timer_hz is not used */
};

/* Before clock_calibrate(): what is to be assumed if no reference counts. */
extern struct clock_rates clock_rates;

/*
 * Measures both clocks for two milliseconds by the PIT, or asks rooms above; the APIC must be set
 * up. Every wait has a limit.
 */
void clock_calibrate(void);

/* The PIT does not count: not 0 if the rates are known by another clock. At boot on one CPU. */
EVENT(clock_wants_rates, int, struct clock_rates *rates);

/* Measures them by one reference: false when it did not count, or they did not. */
bool clock_measure(const struct clock_reference *reference, struct clock_rates *rates);

/*
 * Nanoseconds since boot, by the TSC. Never goes backwards: who has learnt of a time from another
 * CPU is not told an earlier one. clock.c says why.
 */
uint64_t clock_monotonic_ns(void);

/*
 * NULL when every CPU may take its TSC as it is for the machine's time; otherwise why not, in words
 * for the boot log. Whoever has compared them sets it; that must be before the first program.
 */
extern const char *clock_tsc_objection;

/* With such TSCs, ns = (TSC - base) * multiplier >> 32. */
extern uint64_t clock_tsc_base, clock_tsc_multiplier;

/* Has this CPU's timer interrupt once at VECTOR_TIMER, in so many nanoseconds; 0: at once. */
void clock_interrupt_after(uint64_t ns);

/* That many microseconds in ticks of the TSC; and lets them go by. */
uint64_t clock_ticks(uint64_t microseconds);
void clock_wait(uint64_t microseconds);

/* Seconds since 1970-01-01 UTC when the kernel started; 0 unless a room above has read a clock. */
extern uint64_t clock_boot_seconds;

#endif
