// SPDX-License-Identifier: MIT
/*
 * A task that shares a worker's memory and changes the play pages while the worker's own calls use
 * them: on another CPU, if there is one.
 */
#ifndef TESTS_FUZZ_SHARER_H
#define TESTS_FUZZ_SHARER_H

/* Starts one, which children_end() ends at the latest. At most once between two of those. */
void sharer_start(void);

#endif
