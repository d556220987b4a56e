// SPDX-License-Identifier: MIT
/*
 * Clocks: the TSC and the APIC timer, calibrated against the PIT, and the date from the RTC.
 */
#ifndef ARCH_CLOCK_H
#define ARCH_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct clock_rates {
    uint64_t tsc_hz;
    uint64_t apic_timer_hz;
    bool from_pit; /* false: no PIT answered, and the rates are CPUID's or a guess */
};

extern struct clock_rates clock_rates;

/* Measures both clocks for two milliseconds. The APIC must be set up. Every wait has a limit. */
void clock_calibrate(void);

/* Nanoseconds since boot, by the TSC; never goes backwards on one CPU. */
uint64_t clock_monotonic_ns(void);

/* Seconds since 1970-01-01 UTC when the kernel started, by the RTC; 0 when there is none. */
uint64_t clock_boot_seconds(void);

#endif
