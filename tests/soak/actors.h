// SPDX-License-Identifier: MIT
/*
 * What the soak lets run at once: the ring-3 tests, shells that look at everything, the fuzzer, and
 * storms that exist for the soak only.
 */
#ifndef TESTS_SOAK_ACTORS_H
#define TESTS_SOAK_ACTORS_H

#include <stdint.h>

/* Where actors write; it is removed after each round. */
#define SOAK_FOLDER "/tmp"

struct actor {
    const char *name;
    const char *const *arguments; /* of a program, ended by NULL; the first is its path. Or: */
    int (*run)(uint64_t seed);    /* a function that returns the exit status */
};

const struct actor *actors_pick(void);

unsigned int actors_count(void);

/* In a process of its own; does not return. Another seed is another course of events. */
_Noreturn void actor_live(const struct actor *actor, uint64_t seed);

#endif
