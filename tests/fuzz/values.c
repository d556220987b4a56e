// SPDX-License-Identifier: MIT
#include "tests/fuzz/values.h"

#include <signal.h>

#include "tests/fuzz/arena.h"

#define SET_SIZE 8

uint64_t choice(const struct use *use, const uint64_t *values, size_t count)
{
    uint64_t value = values[random_below(count)];

    if (use->wild && one_in(4))
        value ^= UINT64_C(1) << random_below(32);
    return value;
}

uint64_t some_bits(const struct use *use, uint64_t bits)
{
    uint64_t value = bits & random_bits();

    if (use->wild && one_in(4))
        value |= UINT64_C(1) << random_below(64);
    return value;
}

uint64_t zero(const struct use *use)
{
    return use->wild && one_in(4) ? random_below(8) : 0;
}

uint64_t small_number(const struct use *use)
{
    (void)use;
    return random_small(1 << 12);
}

uint64_t file_mode(const struct use *use)
{
    return one_in(4) ? some_bits(use, 07777) : 0777;
}

uint64_t file_offset(const struct use *use)
{
    if (use->wild && one_in(3))
        return one_in(2) ? (uint64_t) - (int64_t)random_small(1 << 20) : random_bits() >> 1;
    return one_in(8) ? random_below(1 << 24) : random_small(1 << 14);
}

uint64_t signals_but_alarm(void)
{
    return random_bits() & random_bits() & ~(UINT64_C(1) << (SIGALRM - 1));
}

uint64_t signal_set(const struct use *use)
{
    uint64_t *set = scratch_take(sizeof(*set));

    (void)use;
    *set = signals_but_alarm();
    return (uint64_t)set;
}

uint64_t signal_set_or_null(const struct use *use)
{
    return one_in(3) ? 0 : signal_set(use);
}

uint64_t signal_set_size(const struct use *use)
{
    return use->wild && one_in(4) ? random_below(32) : SET_SIZE;
}
