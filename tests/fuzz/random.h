// SPDX-License-Identifier: MIT
/*
 * Random numbers that a seed determines. Each process has a stream of its own.
 */
#ifndef TESTS_FUZZ_RANDOM_H
#define TESTS_FUZZ_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

/* Starts a stream; two that differ in either number have nothing in common. */
void random_start(uint64_t seed, uint64_t stream);

uint64_t random_bits(void);

/* 0 to limit - 1; limit is not 0. */
uint64_t random_below(uint64_t limit);

/* Small numbers often, large ones seldom: 0 to limit - 1, half of them below limit's square root.
 */
uint64_t random_small(uint64_t limit);

/* True once in n times. */
bool one_in(unsigned int n);

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PICK(array)  ((array)[random_below(COUNT(array))])

#endif
