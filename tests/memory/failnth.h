// SPDX-License-Identifier: MIT
/*
 * Between the parts of failnth: starting a program, waiting for it, and ending what it leaves.
 */
#ifndef TESTS_MEMORY_FAILNTH_H
#define TESTS_MEMORY_FAILNTH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What is run: whose allocations fail is the program's first thread's, or all others' alone. */
struct run {
    char *program;
    unsigned int nth; /* 0: none fails */
    bool children;
    pid_t pid;
    int status; /* of its end */
};

/* Milliseconds of a clock that only goes on. */
uint64_t now_ms(void);

/* Once, before all others. */
bool runs_init(void);

void run_start(struct run *run);

/* Whether it ends in time. May be called again. */
bool run_await(struct run *run, uint64_t limit_ms);

/*
 * Ends all processes but this one, which has to be the first, and removes what they have made.
 * False when they do not end.
 */
bool run_clean(void);

/* Writes a number to a file of the kernel's. */
bool write_number(const char *path, unsigned int number);

/* Sleeps until a child has something to tell, or until then; false when it is then. */
bool await_child(uint64_t until_ms);

/* ---- failnth_children.c: of a run that is about children ---- */

/* Becomes the program's tracer. */
void children_trace(struct run *run);

/* Waits for its end; gives each process and thread that it makes the number meanwhile. */
bool children_await(struct run *run, uint64_t until_ms);

#endif
