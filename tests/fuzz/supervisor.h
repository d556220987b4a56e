// SPDX-License-Identifier: MIT
/*
 * Runs of the fuzzer: starts workers, watches them, ends what they leave behind, and counts.
 */
#ifndef TESTS_FUZZ_SUPERVISOR_H
#define TESTS_FUZZ_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

struct run_plan {
    uint64_t seed;
    uint64_t calls; /* by all workers together; their children's come on top */
    unsigned int processes;
    const char *folder; /* where the fuzzer makes a folder of its own */
};

/* Whether all workers lived and made their calls, and nothing hung. */
bool supervise(const struct run_plan *plan);

#endif
