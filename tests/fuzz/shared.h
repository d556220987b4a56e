// SPDX-License-Identifier: MIT
/*
 * What the supervisor and all fuzzing processes share: how often each call was made and succeeded,
 * and for each worker what it did last, for the watchdog to tell.
 */
#ifndef TESTS_FUZZ_SHARED_H
#define TESTS_FUZZ_SHARED_H

#include <stdint.h>

#include "tests/fuzz/call.h"
#include "tests/fuzz/sequence.h"

#define CALLS_MAX   320 /* lines in all tables */
#define WORKERS_MAX 16
#define RECORDS     8 /* a power of two */
#define DEPTH_MAX   3 /* a worker, its child, and that one's */

struct tally {
    uint64_t uses, successes;
};

/* A use of a call by a worker itself. */
struct record {
    uint32_t call; /* index into all tables */
    uint32_t done;
    uint64_t argument[ARGUMENTS];
    long result;
};

struct worker_state {
    uint64_t calls;   /* made so far: it grows, or the worker hangs */
    uint64_t batches; /* begun so far */
    uint64_t children;
    struct sequence sequence;       /* that is being made; of no calls: a batch is */
    struct record records[RECORDS]; /* records[n % RECORDS] is of call n */
};

struct shared {
    bool keeps_key_0; /* no process closes key 0 for itself, nor may by a frame that it forges */
    struct tally tallies[CALLS_MAX];
    struct worker_state workers[WORKERS_MAX];
};

extern struct shared *shared;
extern struct worker_state *worker; /* this process's, or the one it descends from */
extern unsigned int depth; /* 0: a worker itself; its children, and so on up to DEPTH_MAX */

/* Ends the process if there is no memory. */
void shared_create(void);

void tally_add(const struct call *call, bool succeeded);

/* Prints the last calls of a worker, the latest last. */
void worker_print_records(const struct worker_state *state);

#endif
