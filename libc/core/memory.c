// SPDX-License-Identifier: MIT
/*
 * memcpy, memmove, memset, memcmp and memchr, for ring 3 and for the kernel. The compiler emits
 * calls of the first four of its own accord, so there can be only one of each.
 *
 * Up to 32 bytes are moved by plain loads and stores that may overlap in the middle; all loads
 * come before the first store, so the same code serves memmove. More goes by REP MOVSQ or REP
 * STOSQ, which CPUs with fast strings do a cache line at a time (SDM volume 1, 7.3.9.3) and which
 * an emulator counts once per eight bytes. The direction flag is clear, as the ABI demands.
 */
#include "libc/include/string.h"

#include <stdint.h>

/* Numbers at any address, whatever the type of the object they are read from. */
typedef uint16_t __attribute__((may_alias, aligned(1))) any_u16;
typedef uint32_t __attribute__((may_alias, aligned(1))) any_u32;
typedef uint64_t __attribute__((may_alias, aligned(1))) any_u64;

#define WORD       sizeof(uint64_t)
#define SMALL_COPY 32

static inline uint64_t load(const unsigned char *at)
{
    return *(const any_u64 *)at;
}

static inline void store(unsigned char *at, uint64_t value)
{
    *(any_u64 *)at = value;
}

static inline void copy_below_8(unsigned char *to, const unsigned char *from, size_t count)
{
    if (count >= 4) {
        uint32_t first = *(const any_u32 *)from;
        uint32_t last = *(const any_u32 *)(from + count - 4);

        *(any_u32 *)to = first;
        *(any_u32 *)(to + count - 4) = last;
    } else if (count >= 2) {
        uint16_t first = *(const any_u16 *)from;
        uint16_t last = *(const any_u16 *)(from + count - 2);

        *(any_u16 *)to = first;
        *(any_u16 *)(to + count - 2) = last;
    } else if (count == 1) {
        *to = *from;
    }
}

static inline void copy_small(unsigned char *to, const unsigned char *from, size_t count)
{
    if (count < WORD) {
        copy_below_8(to, from, count);
    } else if (count <= 2 * WORD) {
        uint64_t first = load(from);
        uint64_t last = load(from + count - WORD);

        store(to, first);
        store(to + count - WORD, last);
    } else {
        uint64_t first = load(from);
        uint64_t second = load(from + WORD);
        uint64_t next_to_last = load(from + count - 2 * WORD);
        uint64_t last = load(from + count - WORD);

        store(to, first);
        store(to + WORD, second);
        store(to + count - 2 * WORD, next_to_last);
        store(to + count - WORD, last);
    }
}

/* For more than 32 bytes, lowest address first. */
static inline void copy_upwards(unsigned char *to, const unsigned char *from, size_t count)
{
    // Read before the copy, which may overwrite it when to is less than a word below from.
    uint64_t last = load(from + count - WORD);
    unsigned char *tail = to + count - WORD;
    size_t words = count / WORD;

    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    store(tail, last);
}

/* For more than 32 bytes, highest address first. */
static inline void copy_downwards(unsigned char *to, const unsigned char *from, size_t count)
{
    uint64_t first = load(from);

    for (size_t left = count; left >= WORD; left -= WORD)
        store(to + left - WORD, load(from + left - WORD));
    store(to, first);
}

void *memcpy(void *restrict to, const void *restrict from, size_t count)
{
    if (count <= SMALL_COPY)
        copy_small(to, from, count);
    else
        copy_upwards(to, from, count);
    return to;
}

void *memmove(void *to, const void *from, size_t count)
{
    if (count <= SMALL_COPY)
        copy_small(to, from, count);
    else if ((uintptr_t)to - (uintptr_t)from >= count)
        copy_upwards(to, from, count); // no overlap, or to is below from
    else
        copy_downwards(to, from, count);
    return to;
}

void *memset(void *memory, int byte, size_t count)
{
    unsigned char *to = memory;
    uint64_t word = (unsigned char)byte * UINT64_C(0x0101010101010101);

    if (count >= WORD) {
        unsigned char *tail = to + count - WORD;
        size_t words = count / WORD;

        store(tail, word);
        if (count <= 2 * WORD) {
            store(to, word);
        } else if (count <= SMALL_COPY) {
            store(to, word);
            store(to + WORD, word);
            store(tail - WORD, word);
        } else {
            __asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(word) : "memory");
        }
    } else if (count >= 4) {
        *(any_u32 *)to = (uint32_t)word;
        *(any_u32 *)(to + count - 4) = (uint32_t)word;
    } else if (count >= 2) {
        *(any_u16 *)to = (uint16_t)word;
        *(any_u16 *)(to + count - 2) = (uint16_t)word;
    } else if (count == 1) {
        *to = (unsigned char)word;
    }
    return memory;
}

int memcmp(const void *left, const void *right, size_t count)
{
    const unsigned char *one = left;
    const unsigned char *other = right;

    // Whole words until two differ or less than a word is left; then the byte that decides.
    while (count >= WORD && load(one) == load(other)) {
        one += WORD;
        other += WORD;
        count -= WORD;
    }
    for (size_t i = 0; i < count; i++) {
        if (one[i] != other[i])
            return one[i] - other[i];
    }
    return 0;
}

void *memchr(const void *memory, int byte, size_t count)
{
    const unsigned char *at = memory;

    for (size_t i = 0; i < count; i++) {
        if (at[i] == (unsigned char)byte)
            return (void *)(at + i);
    }
    return NULL;
}
