// SPDX-License-Identifier: MIT
/*
 * Assertions. A broken one executes UD2; the trap handler finds its place and text in the
 * section .bugs and ends in the kernel's panic report. So code in any room can assert without
 * knowing who prints.
 */
#ifndef ARCH_BUG_H
#define ARCH_BUG_H

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

#endif
