// SPDX-License-Identifier: MIT
/*
 * Sequences of calls that can be made again: each call with the seed that its arguments come from.
 * As text, a sequence is words NAME:SEED, the seeds in hexadecimal, up to an empty line. So it
 * outlives changes of the tables, but for those of a call's own generators; what no table knows is
 * left out.
 */
#ifndef TESTS_FUZZ_SEQUENCE_H
#define TESTS_FUZZ_SEQUENCE_H

#include <stdint.h>

#include "tests/fuzz/call.h"

#define SEQUENCE_MAX 24 /* calls */

struct planned_call {
    uint32_t call; /* index into all tables */
    uint32_t seed;
};

struct sequence {
    uint32_t count;
    struct planned_call calls[SEQUENCE_MAX];
};

/* A new one, by random numbers. */
void sequence_generate(struct sequence *sequence);

/* Changes one a little; other is one that its end may come from. */
void sequence_mutate(struct sequence *sequence, const struct sequence *other);

/* Reads one, or as much of it as fits; returns where the text goes on, or its end. */
const char *sequence_parse(struct sequence *sequence, const char *text);

/* Prints one, each line with that head. */
void sequence_print(const struct sequence *sequence, const char *head);

#endif
