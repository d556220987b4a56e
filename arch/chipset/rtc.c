// SPDX-License-Identifier: MIT
/* The real-time clock: Motorola MC146818 data sheet, and the century of this one. */
#include <stdbool.h>

#include "arch/chipset/chipset.h"
#include "arch/cpu/cpu.h"
#include "arch/cpu/io.h"

#define WAIT_LIMIT 1000000u

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

uint64_t rtc_read(void)
{
    if (rtc_register(0x0b) == 0xff) /* nobody answers */
        return 0;
    for (uint32_t i = 0; i < WAIT_LIMIT && (rtc_register(0x0a) & 0x80); i++)
        cpu_relax(); /* an update is under way */
    uint64_t days = days_since_1970(2000 + rtc_value(9), rtc_value(8), rtc_value(7));
    return ((days * 24 + rtc_value(4)) * 60 + rtc_value(2)) * 60 + rtc_value(0);
}
