// SPDX-License-Identifier: MIT
/*
 * What the kernel's coverage tells the fuzzer (kcov, where the kernel has it): whether a worker's
 * calls have reached code that none of its calls had reached before, and the sequences that did.
 *
 * Each worker knows of its own calls alone, over all seeds of a run, so that the others' progress
 * does not change what it does.
 */
#ifndef TESTS_FUZZ_GUIDE_H
#define TESTS_FUZZ_GUIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/fuzz/sequence.h"

/* Before there are workers: room for what each of them finds. */
void guide_create(unsigned int workers);

/* This process is the worker of that number from now on, and traced if the kernel does that. */
void guide_start(unsigned int number);
bool guide_is_there(void);

/* Around a call; the second says how many blocks are new. */
void guide_begin(void);
unsigned int guide_end(void);

/* A sequence that reached so many new blocks. */
void guide_keep(const struct sequence *sequence, unsigned int blocks);

/* One of those kept, or NULL: there is none. */
const struct sequence *guide_pick(void);

/* Prints how many blocks were reached by all, and the sequences that are worth to be in the tree.
 */
void guide_report(bool with_sequences);

#endif
