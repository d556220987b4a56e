// SPDX-License-Identifier: MIT
/*
 * The kernel's own counters, read from its debugfs before and after: pages, tasks and objects in
 * use. When nothing runs any more, they are what they were, or something has leaked.
 */
#ifndef TESTS_FUZZ_COUNTERS_H
#define TESTS_FUZZ_COUNTERS_H

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

/* The value of one, or 0. */
uint64_t counters_get(const struct counters *counters, const char *name);

/*
 * Reads until the counters are what they were, and returns true; or prints what differs even after
 * ten seconds. The last task to end on a CPU is freed by the next one there, which on a busy host
 * may come late.
 */
bool counters_return(const struct counters *before, struct counters *after);

/* Whether nothing differs, without a word, while differences are expected. */
bool counters_are_calm(const struct counters *before, const struct counters *after);

/* A small file as a string, in a buffer that the next reading uses again; NULL if there is none. */
char *read_debug_text(const char *path);

/* Cuts the next line off the rest of a text; NULL at the end. */
char *next_line(char **rest);

#endif
