// SPDX-License-Identifier: MIT
/*
 * Measuring one operation: the median of 200, and what a Latchkey counted meanwhile.
 */
#ifndef USER_PKBENCH_MEASURE_H
#define USER_PKBENCH_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#define PAGE       ((size_t)4096)
#define LARGE_PAGE ((size_t)2 << 20)
#define READ_WRITE (PROT_READ | PROT_WRITE)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What the command line asks for. */
extern bool as_json, with_events;

/* One operation. prepare and check, which may be NULL, are not part of what is measured. */
struct operation {
    const char *name;
    void (*prepare)(int turn);
    void (*run)(int turn);
    void (*check)(int turn);
};

/* Measures the operation and prints its row. */
void measure(const struct operation *operation);
void measure_all(const struct operation *operations, size_t count);

/* Ends the program if the condition is not met. errno is told. */
void require(bool condition, const char *what);

/*
 * What the kernel has counted under that name in its file of events since it started; 0 where there
 * is no such file or name.
 */
unsigned long event_count(const char *name);

/* Two keys that are allocated and open; 0 without protection keys. */
extern int keys[2];

/* An argument that makes the program end at once: how it measures what an exec costs. */
#define DO_NOTHING "--nothing"

/* The parts of the program: each measures its rows. */
void measure_calls(void);
void measure_memory(void);
void measure_partners(void);
void measure_crowds(void);

#endif
