// SPDX-License-Identifier: MIT
/*
 * A worker: makes the sequences of the corpus and then calls in batches. Each of them begins with
 * the same surroundings and a stream of random numbers of its own, so that it can be replayed
 * whatever happened before it. Where the kernel tells what is reached, half of the batches are
 * sequences, too (tests/fuzz/explore.h).
 */
#ifndef TESTS_FUZZ_WORKER_H
#define TESTS_FUZZ_WORKER_H

#include <stdint.h>

#include "tests/fuzz/call.h"

struct worker_plan {
    uint64_t seed;
    unsigned int number;  /* of the worker, */
    unsigned int workers; /* and how many there are */
    uint64_t calls;       /* to be made in all */
};

/* Ends with status 0 when the calls are made; it goes on where another that has died left off. */
_Noreturn void worker_main(const struct worker_plan *plan);

/* Makes the surroundings as they are at a batch's beginning, by random numbers. */
void worker_begin(void);

/* A call that this process may use; and the use of it. */
const struct call *worker_choose_call(void);
void worker_use(const struct call *call);

/* Uses a random call once. */
void worker_use_any(void);

/* Chooses the arguments of a use: use->call and use->wild are there. */
void worker_generate(struct use *use);

/* Makes the call as its table says; and what it does in a child is call_in_child()'s affair. */
long worker_run(struct use *use);

/* Signals may end this process again, and none is blocked. */
void worker_default_signals(void);

/* Changes the rights to all keys but key 0, if there are any. */
void worker_shuffle_rights(void);

#endif
