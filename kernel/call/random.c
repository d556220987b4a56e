// SPDX-License-Identifier: MIT
#include "kernel/call/random.h"

#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu/cpu.h"
#include "arch/device/clock.h"
#include "libc/include/string.h"

#define RDRAND_TRIES 10 /* SDM vol. 1, 7.3.17: more failures than that mean a broken unit */

static bool rdrand(uint64_t *value)
{
    unsigned char ok = 0;

    for (int i = 0; i < RDRAND_TRIES && !ok; i++)
        __asm__ volatile("rdrand %0; setc %1" : "=r"(*value), "=qm"(ok) : : "cc");
    return ok;
}

/* SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014. */
static uint64_t split_mix(void)
{
    static uint64_t state;

    if (state == 0)
        state = rdtsc() ^ clock_boot_seconds << 32;
    state += 0x9e3779b97f4a7c15u;
    uint64_t z = state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

uint64_t random_word(void)
{
    uint64_t value;

    return cpu_state.has_rdrand && rdrand(&value) ? value : split_mix();
}

void random_bytes(void *buffer, size_t size)
{
    char *at = buffer;

    while (size > 0) {
        uint64_t value = random_word();
        size_t count = size < sizeof(value) ? size : sizeof(value);
        memcpy(at, &value, count);
        at += count;
        size -= count;
    }
}
