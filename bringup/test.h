// SPDX-License-Identifier: MIT
/*
 * What a test of the suite is given, and how it says what it found.
 *
 * A test runs on the CPU that it is about, if it does not say otherwise, with interrupts off. The
 * first expectation that is not met makes the result, and the test goes on as far as it can.
 */
#ifndef BRINGUP_TEST_H
#define BRINGUP_TEST_H

#include <stdbool.h>
#include <stdint.h>

#include "bringup/emulator.h"
#include "bringup/report.h"

struct test_run {
    unsigned int cpu;
    bool with_others; /* all CPUs are in this test now */
    uint64_t seed;    /* this CPU's; never 0 */
    enum emulator emulator;
    uint64_t stress_us; /* minutes= */
    struct result *result;
};

enum test_phases {
    PHASE_EACH = 1,
    PHASE_ALL = 2,
};

struct bringup_test {
    const char *name;
    unsigned int phases;
    bool needs_keys;
    void (*run)(struct test_run *run);
    /* On the boot CPU before the test is run on all; NULL if it needs nothing. */
    void (*prepare)(void);
    bool by_boot_cpu; /* which runs the test about another */
};

/* Fails the test unless the values are equal; returns whether they are. */
bool expect_equal(struct test_run *run, const char *what, uint64_t expected, uint64_t found);

/* Fails the test with these words. */
void fail(struct test_run *run, const char *expected, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds to what was found, of a test that has not failed. */
void record(struct test_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Names a difference that is known of this emulator, and a warning. */
void known(struct test_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
void warn(struct test_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Ends the test as one that cannot be made here; the test has to return. */
void skip(struct test_run *run, const char *reason);

/* bringup/test_*.c */
void test_identity(struct test_run *run);
void test_registers(struct test_run *run);
void test_machine_checks(struct test_run *run);
void test_cpuid_keys(struct test_run *run);
void test_instructions(struct test_run *run);
void test_oracle(struct test_run *run);
void test_at_once(struct test_run *run);
void test_key_change(struct test_run *run);
void test_shootdown(struct test_run *run);
void prepare_shootdown(void);
void test_xsave(struct test_run *run);
void test_xsave_compact(struct test_run *run);
void test_own_value(struct test_run *run);
void test_interrupts(struct test_run *run);
void test_dwell(struct test_run *run);
void test_system_calls(struct test_run *run);
void test_migration(struct test_run *run);
void prepare_migration(void);
void test_threads(struct test_run *run);
void prepare_threads(void);
void test_pks(struct test_run *run);
void test_cycles(struct test_run *run);
void test_restart(struct test_run *run);
void test_stress(struct test_run *run);

#endif
