// SPDX-License-Identifier: MIT
// The generator is SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
// generators", 2014): one word of state, and every seed is a good one.

#include "tests/fuzz/random.h"

static uint64_t state;

static uint64_t mix(uint64_t value)
{
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

void random_start(uint64_t seed, uint64_t stream)
{
    state = mix(mix(seed) + stream);
}

uint64_t random_bits(void)
{
    state += UINT64_C(0x9e3779b97f4a7c15);
    return mix(state);
}

uint64_t random_below(uint64_t limit)
{
    return random_bits() % limit;
}

uint64_t random_small(uint64_t limit)
{
    uint64_t bits = 64 - (uint64_t)__builtin_clzll(limit);

    return random_bits() % (UINT64_C(1) << random_below(bits + 1)) % limit;
}

bool one_in(unsigned int n)
{
    return random_below(n) == 0;
}
