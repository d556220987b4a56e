// SPDX-License-Identifier: MIT
#include "bringup/suite.h"

#include <stdarg.h>
#include <stddef.h>

#include "arch/cpu/cpu.h"
#include "arch/cpu/percpu.h"
#include "arch/cpu/types.h"
#include "bringup/crew.h"
#include "bringup/test.h"
#include "kernel/console/command_line.h"
#include "kernel/console/console.h"
#include "kernel/console/symbols.h"
#include "kernel/cpus/facts.h"
#include "kernel/report/panic.h"
#include "kernel/start/events.h"
#include "libc/core/format.h"
#include "libc/core/parse.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"

/* Seconds. An emulator with more CPUs than the host takes this long, silicon a small part of it. */
#define LIMIT_DEFAULT   30u
#define LIMIT_MAX       3600u
#define SECOND_US       1000000ul
#define MINUTE_US       60000000ul
#define MINUTES_MAX     10080u /* a week */
#define STRESS_DEFAULT  200000ul
#define STRESS_EMULATED 20000ul
#define SEED_MULTIPLIER 0x9e3779b97f4a7c15ul /* 2^64 by the golden ratio: spreads small seeds */

#define BOTH (PHASE_EACH | PHASE_ALL)

static const struct bringup_test bringup_tests[] = {
    {"identity", PHASE_EACH, false, test_identity, NULL, false},
    {"registers", PHASE_EACH, false, test_registers, NULL, false},
    {"cpuid_keys", BOTH, false, test_cpuid_keys, NULL, false},
    {"instructions", BOTH, true, test_instructions, NULL, false},
    {"oracle", BOTH, true, test_oracle, NULL, false},
    {"at_once", BOTH, true, test_at_once, NULL, false},
    {"key_change", BOTH, true, test_key_change, NULL, false},
    {"shootdown", PHASE_ALL, true, test_shootdown, prepare_shootdown, false},
    {"xsave", BOTH, true, test_xsave, NULL, false},
    {"xsave_compact", PHASE_EACH, true, test_xsave_compact, NULL, false},
    {"own_value", PHASE_ALL, true, test_own_value, NULL, false},
    {"interrupts", BOTH, true, test_interrupts, NULL, false},
    {"system_calls", BOTH, true, test_system_calls, NULL, false},
    {"migration", PHASE_ALL, true, test_migration, prepare_migration, false},
    {"threads", PHASE_ALL, true, test_threads, prepare_threads, false},
    {"dwell", BOTH, true, test_dwell, NULL, false},
    {"pks", BOTH, false, test_pks, NULL, false},
    {"cycles", PHASE_EACH, true, test_cycles, NULL, false},
    {"restart", PHASE_EACH, false, test_restart, NULL, true},
    {"stress", PHASE_ALL, true, test_stress, NULL, false},
    {"machine_checks", PHASE_EACH, false, test_machine_checks, NULL, false},
};

static struct result *results; /* of the test that runs, by CPU */
static struct test_run runs[CPU_MAX];
static void *arguments[CPU_MAX];

static struct {
    uint64_t seed, stress_us, limit_us;
    enum emulator emulator;
    char names[COMMAND_LINE_VALUE_SIZE]; /* tests=, or empty */
    const struct bringup_test *test;     /* the running one */
    unsigned int phase;                  /* the running one */
} suite;

/* The test in which a CPU went silent. */
static const char *silent_since[CPU_MAX];

/* ---- what tests say ---- */

static void __attribute__((format(printf, 2, 0)))
append(char text[RESULT_TEXT_SIZE], const char *format, va_list list)
{
    size_t length = strlen(text);

    if (length && length + 2 < RESULT_TEXT_SIZE) {
        strlcpy(text + length, "; ", RESULT_TEXT_SIZE - length);
        length += 2;
    }
    vsnprintf(text + length, RESULT_TEXT_SIZE - length, format, list);
}

void fail(struct test_run *run, const char *expected, const char *format, ...)
{
    struct result *result = run->result;
    va_list list;

    if (result->outcome == OUTCOME_FAIL)
        return;
    result->outcome = OUTCOME_FAIL;
    strlcpy(result->expected, expected, RESULT_TEXT_SIZE);
    result->found[0] = '\0';
    va_start(list, format);
    append(result->found, format, list);
    va_end(list);
}

bool expect_equal(struct test_run *run, const char *what, uint64_t expected, uint64_t found)
{
    char text[RESULT_TEXT_SIZE];

    if (expected == found)
        return true;
    snprintf(text, sizeof(text), "%s %#lx", what, expected);
    fail(run, text, "%#lx", found);
    return false;
}

void record(struct test_run *run, const char *format, ...)
{
    va_list list;

    if (run->result->outcome == OUTCOME_FAIL)
        return;
    va_start(list, format);
    append(run->result->found, format, list);
    va_end(list);
}

void known(struct test_run *run, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    append(run->result->known, format, list);
    va_end(list);
}

void warn(struct test_run *run, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    append(run->result->warning, format, list);
    va_end(list);
}

void skip(struct test_run *run, const char *reason)
{
    run->result->outcome = OUTCOME_SKIP;
    strlcpy(run->result->reason, reason, RESULT_TEXT_SIZE);
}

/* ---- one test ---- */

static void run_test(void *argument)
{
    struct test_run *run = argument;

    if (suite.test->needs_keys && !cpu_state.pku)
        skip(run, cpu_why_no_keys());
    else
        suite.test->run(run);
}

static void prepare_run(unsigned int cpu, bool with_others)
{
    results[cpu] = (struct result){.outcome = OUTCOME_PASS};
    runs[cpu] = (struct test_run){
        .cpu = cpu,
        .with_others = with_others,
        .seed = (suite.seed + cpu + 1) * SEED_MULTIPLIER | 1,
        .emulator = suite.emulator,
        .stress_us = suite.stress_us,
        .result = &results[cpu],
    };
    arguments[cpu] = &runs[cpu];
}

static void report_line(unsigned int cpu, const struct result *result)
{
    const struct subject subject = {suite.test->name, suite.phase == PHASE_ALL ? "all" : "each",
                                    (int)cpu, percpu_of(cpu)->apic_id};

    report_result(&subject, result);
}

/* It may come back and write into its result, so what is reported is another one. */
static void report_silence(unsigned int cpu)
{
    static struct result silence;
    struct test_run run = {.result = &silence};

    silence = (struct result){.outcome = OUTCOME_PASS};
    if (!silent_since[cpu])
        silent_since[cpu] = suite.test->name;
    fail(&run, "an answer", "silent since the test %s", silent_since[cpu]);
    report_line(cpu, &silence);
}

/* It had its time; where it was when an NMI ended it. */
static void fail_late(struct test_run *run, uintptr_t rip)
{
    char expected[32];
    uintptr_t offset;
    const char *name = symbol_lookup(rip, &offset);

    snprintf(expected, sizeof(expected), "an end within %lu s", suite.limit_us / SECOND_US);
    fail(run, expected, "none; at RIP %#lx, %s+%#lx, an NMI ended it", rip, name ? name : "?",
         name ? offset : 0);
}

static unsigned int runner_of(unsigned int cpu)
{
    return suite.test->by_boot_cpu ? 0 : cpu;
}

static void report(unsigned int cpu)
{
    struct crew_exception exception;
    enum crew_outcome outcome = crew_outcome(runner_of(cpu), &exception);

    if (outcome == CREW_SILENT) {
        report_silence(cpu);
        return;
    }
    if (outcome != CREW_DONE)
        results[cpu].outcome = OUTCOME_PASS; /* the first failure counts, and this comes first */
    if (outcome == CREW_CALLED_OFF)
        fail_late(&runs[cpu], exception.rip);
    if (outcome == CREW_EXCEPTION)
        fail(&runs[cpu], "no exception", "exception %lu, error code %#lx, RIP %#lx, CR2 %#lx",
             exception.vector, exception.error_code, exception.rip, exception.cr2);
    report_line(cpu, &results[cpu]);
}

static bool is_chosen(const struct bringup_test *test)
{
    size_t length = strlen(test->name);

    for (const char *at = suite.names; *at;) {
        size_t word = strcspn(at, ",");
        if (word == length && !memcmp(at, test->name, length))
            return true;
        at += word + (at[word] == ',');
    }
    return !suite.names[0];
}

static void run_phase(unsigned int phase)
{
    uint64_t limit = suite.limit_us + (phase == PHASE_ALL ? suite.stress_us : 0);

    suite.phase = phase;
    for (unsigned int i = 0; i < array_size(bringup_tests); i++) {
        suite.test = &bringup_tests[i];
        if (!is_chosen(suite.test) || !(suite.test->phases & phase))
            continue;
        for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
            if (!silent_since[cpu])
                prepare_run(cpu, phase == PHASE_ALL);
        if (phase == PHASE_ALL) {
            if (suite.test->prepare)
                suite.test->prepare();
            crew_run_all(run_test, arguments, limit);
        }
        for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
            if (phase == PHASE_EACH)
                crew_run(runner_of(cpu), run_test, &runs[cpu], limit);
            report(cpu);
        }
    }
}

/* ---- the suite ---- */

static uint64_t read_number(const char *name, uint64_t default_value, uint64_t highest)
{
    char value[COMMAND_LINE_VALUE_SIZE];
    uint64_t number;

    if (!command_line_value(name, value))
        return default_value;
    if (!parse_u64(value, &number) && number <= highest)
        return number;
    kprintf(KERN_WARNING "command    %s=%s is not a number up to %lu; %lu is used\n", name, value,
            highest, default_value);
    return default_value;
}

static unsigned int count_results(unsigned int *tests)
{
    unsigned int count = 0;

    *tests = 0;
    for (unsigned int i = 0; i < array_size(bringup_tests); i++) {
        const struct bringup_test *test = &bringup_tests[i];
        if (!is_chosen(test))
            continue;
        ++*tests;
        count += cpu_count * (!!(test->phases & PHASE_EACH) + !!(test->phases & PHASE_ALL));
    }
    return count;
}

static struct {
    uint32_t apic_id;
    const char *reason;
} missing[CPU_MAX];
static unsigned int missing_count;

static void note_missing(uint32_t apic_id, const char *reason)
{
    if (missing_count == CPU_MAX)
        return;
    missing[missing_count].apic_id = apic_id;
    missing[missing_count++].reason = reason;
}

ATTACH(cpu_is_missing, note_missing);

static void report_head(void)
{
    static const char *const emulators[] = {
        [EMULATOR_NONE] = "none", [EMULATOR_TCG] = "tcg", [EMULATOR_BOCHS] = "bochs"};
    char brand[CPU_BRAND_SIZE];
    unsigned int tests;
    unsigned int count = count_results(&tests);

    cpu_read_brand(brand);
    report_begin(&(struct report_head){
        .results = count + missing_count + (tests == 0),
        .cpus = cpu_count,
        .absent = missing_count,
        .tests = tests,
        .seed = suite.seed,
        .emulator = emulators[suite.emulator],
        .brand = brand,
    });
    for (unsigned int i = 0; i < missing_count; i++) {
        struct result result = {.outcome = OUTCOME_FAIL,
                                .expected = "it starts, like the boot CPU"};
        strlcpy(result.found, missing[i].reason, RESULT_TEXT_SIZE);
        report_result(&(struct subject){"start", "start", -1, missing[i].apic_id}, &result);
    }
    /* A run that tests nothing must not look good. */
    if (tests == 0) {
        struct result result = {.outcome = OUTCOME_FAIL, .expected = "names of tests in tests="};
        strlcpy(result.found, suite.names, RESULT_TEXT_SIZE);
        report_result(&(struct subject){"choice", "start", 0, this_cpu()->apic_id}, &result);
    }
}

unsigned int bringup_run(void)
{
    suite.seed = read_number("seed", rdtsc() & UINT32_MAX, UINT64_MAX);
    suite.stress_us = read_number("minutes", 0, MINUTES_MAX) * MINUTE_US;
    suite.limit_us = read_number("limit", LIMIT_DEFAULT, LIMIT_MAX) * SECOND_US;
    suite.emulator = emulator_detect();
    if (!suite.stress_us)
        suite.stress_us = suite.emulator ? STRESS_EMULATED : STRESS_DEFAULT;
    command_line_value("tests", suite.names);
    results = kzalloc(cpu_count * sizeof(*results));
    if (!results)
        panic("not enough memory for the results of %u CPUs", cpu_count);
    report_head();
    crew_assemble();
    run_phase(PHASE_EACH);
    run_phase(PHASE_ALL);
    crew_dismiss();
    return report_end().failed;
}
