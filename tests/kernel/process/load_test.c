// SPDX-License-Identifier: MIT
/* Load averages: how fast they follow what runs. */
#include "kernel/timer/load.h"

#include "tests/kernel/ktest.h"

#define ONE (1ul << LOAD_SHIFT)

/* After so many samples, 5 seconds apart, with this many tasks running. */
static uint64_t after(unsigned int samples, uint64_t average, unsigned int running)
{
    while (samples-- > 0)
        average = load_next(0, average, running);
    return average;
}

KTEST(load_averages_follow)
{
    uint64_t minute = after(12, 0, 1); /* 1 - 1/e */

    EXPECT(minute * 1000 / ONE >= 631 && minute * 1000 / ONE <= 633);
    EXPECT_EQUAL(after(12, 3 * ONE, 3), 3 * ONE);
    EXPECT(after(12 * 20, 3 * ONE, 0) < ONE / 1000);
}
