// SPDX-License-Identifier: MIT
/*
 * Tasks that share a worker's memory, and change the play pages and make calls while the worker
 * makes its own: threads of its process, or processes with the same memory; on other CPUs, if there
 * are any.
 */
#ifndef TESTS_FUZZ_SHARER_H
#define TESTS_FUZZ_SHARER_H

/* Starts some, unless some run already. */
void sharers_start(void);

/*
 * Waits for the end of the threads among them, and interrupts what they sleep in by SIGALRM, which
 * must have a handler. The processes are children, and end with them.
 */
void sharers_end(void);

/* In a process that was forked: what its parent has started is not there. */
void sharers_forget(void);

#endif
