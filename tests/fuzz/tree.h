// SPDX-License-Identifier: MIT
/*
 * Removes a folder with everything in it, whatever its files' modes and names are.
 */
#ifndef TESTS_FUZZ_TREE_H
#define TESTS_FUZZ_TREE_H

#include <stdbool.h>

/* Whether it is gone. What cannot be removed stays, and so do the folders above it. */
bool tree_remove(int directory, const char *name);

#endif
