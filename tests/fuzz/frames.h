// SPDX-License-Identifier: MIT
/*
 * rt_sigreturn: returns from handlers, to the frame as it was and to frames that were spoiled.
 */
#ifndef TESTS_FUZZ_FRAMES_H
#define TESTS_FUZZ_FRAMES_H

#include "tests/fuzz/call.h"

#ifndef SA_RESTORER
#define SA_RESTORER 0x04000000 /* glibc hides it */
#endif

/* What rt_sigaction takes, which is not what sigaction() does. */
struct kernel_action {
    uint64_t handler, flags, restorer, mask;
};

/* Where handlers return to: calls rt_sigreturn. */
void frames_return(void);

/* Returns from a handler, or in a child to a spoiled frame; -EFAULT when the child ended there. */
long frames_run(struct use *use);

/* In a child: takes the stack that the call asks for and runs a handler on it. */
long frames_run_alternate(struct use *use);

#endif
