// SPDX-License-Identifier: MIT
/*
 * The kernel's own counters, read from its debugfs before and after: pages, tasks and objects in
 * use. When nothing runs any more, they are what they were, or something has leaked.
 */
#ifndef TESTS_FUZZ_LEAKS_H
#define TESTS_FUZZ_LEAKS_H

#include <stdbool.h>
#include <stdint.h>

#define COUNTERS_MAX      64
#define COUNTER_NAME_SIZE 40

struct counters {
    unsigned int count;
    struct {
        char name[COUNTER_NAME_SIZE];
        uint64_t value;
    } lines[COUNTERS_MAX];
};

/* False where there is no such file: on Linux, or for a process that is not alone. */
bool counters_read(struct counters *counters);

/* Prints what differs; whether nothing does. */
bool counters_equal(const struct counters *before, const struct counters *after);

/* Whether the kernel implements a call, as its own list says; true where it has no such list. */
bool calls_check_list(void);

#endif
