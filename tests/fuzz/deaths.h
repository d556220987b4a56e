// SPDX-License-Identifier: MIT
/*
 * Ways for a process to end.
 */
#ifndef TESTS_FUZZ_DEATHS_H
#define TESTS_FUZZ_DEATHS_H

/* Ends in a random way; never returns. */
_Noreturn void die_somehow(void);

#endif
