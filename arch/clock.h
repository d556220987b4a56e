// SPDX-License-Identifier: MIT
/*
 * Clocks: the TSC, each CPU's timer, and the date from the RTC.
 */
#ifndef ARCH_CLOCK_H
#define ARCH_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct clock_reference;

struct clock_rates {
    uint64_t tsc_hz;
    uint64_t apic_timer_hz;
    const char *source; /* what told them */
    bool deadline;      /* the timer compares with the TSC, and apic_timer_hz is not used */
};

extern struct clock_rates clock_rates;

/*
 * Measures both clocks for two milliseconds by the first of the references there are; the APIC and
 * the references must be set up. Every wait has a limit. Reads the date if the board has an RTC.
 */
void clock_calibrate(bool has_rtc);

/* Measures them by one reference: false when it did not count, or they did not. */
bool clock_measure(const struct clock_reference *reference, struct clock_rates *rates);

/*
 * Nanoseconds since boot, by the TSC. Never goes backwards: who has learnt of a time from another
 * CPU is not told an earlier one. The comment at its definition says why.
 */
uint64_t clock_monotonic_ns(void);

/*
 * NULL when every CPU may take its TSC as it is for the machine's time; otherwise why not, in words
 * for the boot log. Whoever finds that one does not keep time with the boot CPU's sets it; that
 * must be before the first program.
 */
extern const char *clock_tsc_objection;

/* With such TSCs, ns = (TSC - base) * multiplier >> 32. */
void clock_read_formula(uint64_t *base, uint64_t *multiplier);

/* Has this CPU's timer interrupt once at VECTOR_TIMER, in so many nanoseconds; 0: at once. */
void clock_interrupt_after(uint64_t ns);

/* That many microseconds in ticks of the TSC; and lets them go by. */
uint64_t clock_ticks(uint64_t microseconds);
void clock_wait(uint64_t microseconds);

/* Seconds since 1970-01-01 UTC when the kernel started, by the RTC; 0 when there is none. */
uint64_t clock_boot_seconds(void);

#endif
