// SPDX-License-Identifier: MIT
/*
 * Sets of CPUs by number.
 *
 * A single member is added, removed or tested in one atomic step, so a set that several CPUs change
 * needs no lock for that. Code that goes over the whole set sees each word at its own moment.
 */
#ifndef ARCH_CPU_CPU_SET_H
#define ARCH_CPU_CPU_SET_H

#include <stdbool.h>
#include <stdint.h>

#define CPU_MAX 256

#define CPU_SET_WORD_BITS 64
#define CPU_SET_WORDS     (CPU_MAX / CPU_SET_WORD_BITS)

struct cpu_set {
    uint64_t words[CPU_SET_WORDS];
};

static inline uint64_t cpu_set_bit(unsigned int cpu)
{
    return 1ul << cpu % CPU_SET_WORD_BITS;
}

/* Relaxed: orders no other access; for that there is cpu_set_add(). */
static inline bool cpu_set_has(const struct cpu_set *set, unsigned int cpu)
{
    return __atomic_load_n(&set->words[cpu / CPU_SET_WORD_BITS], __ATOMIC_RELAXED) &
           cpu_set_bit(cpu);
}

/* A full barrier: other CPUs see the new member before this CPU reads anything else. */
static inline void cpu_set_add(struct cpu_set *set, unsigned int cpu)
{
    __atomic_fetch_or(&set->words[cpu / CPU_SET_WORD_BITS], cpu_set_bit(cpu), __ATOMIC_SEQ_CST);
}

/* Also a full barrier. */
static inline void cpu_set_remove(struct cpu_set *set, unsigned int cpu)
{
    __atomic_fetch_and(&set->words[cpu / CPU_SET_WORD_BITS], ~cpu_set_bit(cpu), __ATOMIC_SEQ_CST);
}

static inline void cpu_set_clear(struct cpu_set *set)
{
    *set = (struct cpu_set){{0}};
}

/* The first member from a number on, or CPU_MAX when there is none. */
static inline unsigned int cpu_set_next(const struct cpu_set *set, unsigned int from)
{
    for (unsigned int cpu = from; cpu < CPU_MAX;) {
        uint64_t word = __atomic_load_n(&set->words[cpu / CPU_SET_WORD_BITS], __ATOMIC_RELAXED) >>
                        cpu % CPU_SET_WORD_BITS;
        if (word)
            return cpu + (unsigned int)__builtin_ctzl(word);
        cpu = (cpu / CPU_SET_WORD_BITS + 1) * CPU_SET_WORD_BITS;
    }
    return CPU_MAX;
}

static inline bool cpu_set_is_empty(const struct cpu_set *set)
{
    return cpu_set_next(set, 0) == CPU_MAX;
}

/* for_each_cpu (cpu, &set): the members in ascending order. */
#define for_each_cpu(cpu, set) \
    for ((cpu) = cpu_set_next((set), 0); (cpu) < CPU_MAX; (cpu) = cpu_set_next((set), (cpu) + 1))

static inline unsigned int cpu_set_count(const struct cpu_set *set)
{
    unsigned int count = 0;
    unsigned int cpu;

    for_each_cpu(cpu, set) count++;
    return count;
}

#endif
