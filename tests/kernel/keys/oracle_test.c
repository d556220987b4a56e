// SPDX-License-Identifier: MIT
/* The permission oracle's tests: three sweeps that between them try every rule. */
#include "arch/cpu/types.h"
#include "bringup/oracle_known.h"
#include "bringup/oracle_sweep.h"
#include "tests/kernel/ktest.h"

static void note(void *context, const char *text)
{
    (void)context;
    ktest_note("%s", text);
}

static void report_sweep(struct sweep *sweep)
{
    sweep->emulator = emulator_detect();
    sweep->say = note;
    EXPECT_EQUAL(oracle_sweep(sweep), 0);
    for (size_t i = 0; i < ORACLE_KNOWN_COUNT; i++)
        if (sweep->known[i])
            ktest_note("%u known differences: %s", sweep->known[i], oracle_known[i].what);
    if (sweep->left_out)
        ktest_note("left out: %u times a value of PKRU with WD for key 0, because %s",
                   sweep->left_out, oracle_known[ORACLE_KNOWN_COUNT - 1].what);
    ktest_note("%u combinations, %u differ from the prediction", sweep->combinations,
               sweep->differing);
    EXPECT_EQUAL(sweep->differing, 0);
}

/* Every key, every right. */
KTEST(oracle_keys)
{
    struct sweep sweep = {
        .keys = ALL_KEYS,
        .modes = MODE_WP | MODE_PKE | MODE_SMAP,
        .defects = READ_ONLY | SUPERVISOR | NO_EXECUTE,
        .leaves = 7 << 1,
    };

    report_sweep(&sweep);
}

/* Every mode and every defect of the leaf, with a few keys. */
KTEST(oracle_modes)
{
    struct sweep sweep = {
        .keys = 1u << 0 | 1u << 6,
        .modes = ALL_MODES,
        .defects = NOT_PRESENT | READ_ONLY | SUPERVISOR | NO_EXECUTE | RESERVED_BIT,
        .leaves = 7 << 1,
    };

    report_sweep(&sweep);
}

/* What the upper entries take away; and that their bits 62:59 are no key. */
KTEST(oracle_upper_entries)
{
    struct sweep sweep = {
        .keys = 1u << 9,
        .modes = MODE_WP | MODE_PKE | MODE_SMEP | MODE_SMAP,
        .defects = READ_ONLY | SUPERVISOR | NO_EXECUTE,
        .upper = NOT_PRESENT | READ_ONLY | SUPERVISOR | NO_EXECUTE | RESERVED_BIT | KEY_BITS,
        .leaves = 7 << 1,
    };

    report_sweep(&sweep);
}
