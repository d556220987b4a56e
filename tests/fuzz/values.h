// SPDX-License-Identifier: MIT
/*
 * Generators of plain numbers that several tables use, and the way to write more of them:
 *
 *     static uint64_t whence(const struct use *use)
 *     {
 *         static const uint64_t values[] = {SEEK_SET, SEEK_CUR, SEEK_END};
 *
 *         return choice(use, values, COUNT(values));
 *     }
 */
#ifndef TESTS_FUZZ_VALUES_H
#define TESTS_FUZZ_VALUES_H

#include "tests/fuzz/call.h"
#include "tests/fuzz/random.h"

/* One of the values; in a wild use now and then another number of that size. */
uint64_t choice(const struct use *use, const uint64_t *values, size_t count);

/* Any of the bits, each set once in two; in a wild use now and then one more. */
uint64_t some_bits(const struct use *use, uint64_t bits);

#define DEFINE_CHOICE(name, ...)                        \
    static uint64_t name(const struct use *use)         \
    {                                                   \
        static const uint64_t values[] = {__VA_ARGS__}; \
                                                        \
        return choice(use, values, COUNT(values));      \
    }

uint64_t zero(const struct use *use);
uint64_t small_number(const struct use *use);
uint64_t file_mode(const struct use *use);
uint64_t file_offset(const struct use *use);
uint64_t signals_but_alarm(void);           /* a set that never has SIGALRM */
uint64_t signal_set(const struct use *use); /* a pointer to one, without SIGALRM */
uint64_t signal_set_or_null(const struct use *use);
uint64_t signal_set_size(const struct use *use); /* 8 */

#endif
