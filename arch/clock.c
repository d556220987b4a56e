// SPDX-License-Identifier: MIT
/*
 * Calibration by the PIT's channel 2, which counts down at 1,193,182 Hz and interrupts nobody
 * (Intel 8254 data sheet). Two readings of its counter, some two milliseconds apart, give the
 * exact number of PIT ticks between two readings of the other clocks.
 */
#include "arch/clock.h"

#include "arch/apic.h"
#include "arch/cpu.h"
#include "arch/io.h"

#define PIT_HZ          1193182ul
#define PIT_CHANNEL2    0x42
#define PIT_COMMAND     0x43
#define PIT_MODE        0xb0 /* channel 2, low then high byte, mode 0 */
#define PIT_LATCH       0x80 /* channel 2 */
#define PORT_B          0x61 /* bit 0: gate of channel 2; bit 1: the speaker */
#define CALIBRATE_TICKS 2386 /* 2 ms */
#define WAIT_LIMIT      1000000u

#define TSC_HZ_GUESS  1000000000ul
#define APIC_HZ_GUESS 62500000ul

struct clock_rates clock_rates;

/* ns = (tsc - base) * multiplier >> 32 */
static uint64_t tsc_base, tsc_multiplier;
static uint64_t boot_seconds;

static uint32_t pit_read(void)
{
    outb(PIT_COMMAND, PIT_LATCH);
    uint32_t low = inb(PIT_CHANNEL2);
    return low | (uint32_t)inb(PIT_CHANNEL2) << 8;
}

static void pit_start(void)
{
    outb(PORT_B, (uint8_t)((inb(PORT_B) & ~2u) | 1));
    outb(PIT_COMMAND, PIT_MODE);
    outb(PIT_CHANNEL2, 0xff);
    outb(PIT_CHANNEL2, 0xff);
}

/* Whether the PIT counted; the rates are set if so. */
static bool calibrate_by_pit(void)
{
    pit_start();
    apic_timer_start_counting();
    uint32_t first = pit_read();
    uint64_t tsc_first = rdtsc();
    uint32_t apic_first = apic_timer_remaining();

    for (uint32_t i = 0; i < WAIT_LIMIT; i++) {
        uint32_t now = pit_read();
        uint64_t tsc = rdtsc();
        uint32_t apic = apic_timer_remaining();
        if (now > first) /* a counter that is not there, or has wrapped */
            return false;
        if (first - now >= CALIBRATE_TICKS) {
            clock_rates.tsc_hz = (tsc - tsc_first) * PIT_HZ / (first - now);
            clock_rates.apic_timer_hz = (uint64_t)(apic_first - apic) * PIT_HZ / (first - now);
            return clock_rates.tsc_hz && clock_rates.apic_timer_hz;
        }
    }
    return false;
}

/* CPUID 0x15: TSC rate = crystal * EBX / EAX. The APIC timer counts the crystal, divided by 16. */
static bool calibrate_by_cpuid(void)
{
    uint32_t denominator, numerator, crystal, edx;

    if (!__get_cpuid(0x15, &denominator, &numerator, &crystal, &edx) || !denominator ||
        !numerator || !crystal)
        return false;
    clock_rates.tsc_hz = (uint64_t)crystal * numerator / denominator;
    clock_rates.apic_timer_hz = crystal / 16;
    return true;
}

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

void clock_calibrate(void)
{
    clock_rates.from_pit = calibrate_by_pit();
    if (!clock_rates.from_pit && !calibrate_by_cpuid()) {
        clock_rates.tsc_hz = TSC_HZ_GUESS;
        clock_rates.apic_timer_hz = APIC_HZ_GUESS;
    }
    tsc_base = rdtsc();
    tsc_multiplier = (1000000000ul << 32) / clock_rates.tsc_hz;
    boot_seconds = read_rtc();
}

uint64_t clock_monotonic_ns(void)
{
    uint64_t ticks = rdtsc() - tsc_base;

    return (uint64_t)((unsigned __int128)ticks * tsc_multiplier >> 32);
}

uint64_t clock_boot_seconds(void)
{
    return boot_seconds;
}
