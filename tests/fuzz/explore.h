// SPDX-License-Identifier: MIT
/*
 * Making sequences of calls (tests/fuzz/sequence.h): those of the corpus, which every run begins
 * with, and where the kernel tells what they reach, new ones and changed ones.
 */
#ifndef TESTS_FUZZ_EXPLORE_H
#define TESTS_FUZZ_EXPLORE_H

/* Makes each of the corpus whose number in it is `number` modulo `workers`. */
void explore_corpus(unsigned int number, unsigned int workers);

/* Makes one that random numbers decide, and keeps it if it reached something new. */
void explore_one(void);

#endif
