// SPDX-License-Identifier: MIT
/*
 * The report of the bring-up suite: KTAP lines that a reader of a serial line can trust.
 *
 * The plan says how many results will come, each result is one line written whole, and each line
 * behind the plan ends with a CRC-16 of itself. docs/bring-up.md has the grammar.
 */
#ifndef BRINGUP_REPORT_H
#define BRINGUP_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#define RESULT_TEXT_SIZE 208

enum outcome {
    OUTCOME_PASS,
    OUTCOME_FAIL,
    OUTCOME_SKIP,
};

/* What a test says of one CPU. Texts that are empty are left out of the report. */
struct result {
    enum outcome outcome;
    char expected[RESULT_TEXT_SIZE];
    char found[RESULT_TEXT_SIZE];
    char known[RESULT_TEXT_SIZE];   /* differences of an emulator, by name */
    char warning[RESULT_TEXT_SIZE]; /* something that is no failure but worth a look */
    char reason[RESULT_TEXT_SIZE];  /* OUTCOME_SKIP: why */
};

/* Whom a result is about. */
struct subject {
    const char *test;
    const char *phase;
    int cpu; /* its number; -1 for a CPU that never got one */
    uint32_t apic_id;
};

struct report_head {
    unsigned int results; /* to come */
    unsigned int cpus, absent, tests;
    uint64_t seed;
    const char *emulator;
    const char *brand;
};

struct report_totals {
    unsigned int passed, failed, skipped;
};

void report_begin(const struct report_head *head);

/* A line of result, with the next sequence number. */
void report_result(const struct subject *subject, const struct result *result);

/* The end line; what the lines before it added up to. */
struct report_totals report_end(void);

#endif
