// SPDX-License-Identifier: MIT
/*
 * On a machine that is not the fuzzer's alone: no rights, and no processes in sight but its own.
 */
#ifndef TESTS_FUZZ_CONFINE_H
#define TESTS_FUZZ_CONFINE_H

/*
 * Goes on in a child that is the first process of a namespace, as another user than root. Does
 * nothing for a first process, and ends the program where the kernel offers no way.
 */
void confine(void);

#endif
