// SPDX-License-Identifier: MIT
/*
 * Assertions. One that fails executes UD2; the trap handler finds its place and text in the section
 * .bugs and ends in the kernel's panic report. So code in any room can assert without knowing who
 * prints.
 */
#ifndef ARCH_CPU_BUG_H
#define ARCH_CPU_BUG_H

#include <stdint.h>

struct bug_entry {
    uint64_t address; /* of the UD2 */
    const char *text;
    const char *file;
    uint64_t line;
};

_Static_assert(sizeof(struct bug_entry) == 32, "the assembly below lays it out");

/* clang-format off */
#define bug(message)                                                                               \
    do {                                                                                           \
        __asm__ volatile("1: ud2\n"                                                                \
                         ".pushsection .bugs, \"a\"\n"                                             \
                         ".quad 1b, %c0, %c1, %c2\n"                                               \
                         ".popsection" : : "i"(message), "i"(__FILE__), "i"(__LINE__));            \
        __builtin_unreachable();                                                                   \
    } while (0)

#define assert(condition)                                                                          \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0))                                                     \
            bug("assertion failed: " #condition);                                                  \
    } while (0)
/* clang-format on */

/* The entry for a UD2 at this address, or NULL. */
const struct bug_entry *bug_find(uintptr_t address);

/*
 * The stack protector's two symbols, by the names that GCC and clang give them
 * (-mstack-protector-guard=global): a function with an array on its stack keeps a copy of the
 * guard above it and compares the two before it returns.
 */
extern uintptr_t __stack_chk_guard;

/* Called by a function that found its copy changed: panics. */
void __stack_chk_fail(void) __attribute__((noreturn));

/*
 * Sets the guard to random bits, new at each boot. Only for a caller that never returns, because
 * functions that are already running hold the old value.
 */
void stack_guard_set(uintptr_t value);

#endif
