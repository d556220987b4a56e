// SPDX-License-Identifier: MIT
/*
 * The processes that calls are aimed at: children of the one that fuzzes. Some sleep until they
 * are killed, some fuzz for a while themselves, and all end sooner or later in some way.
 */
#ifndef TESTS_FUZZ_CHILDREN_H
#define TESTS_FUZZ_CHILDREN_H

#include "tests/fuzz/call.h"

/* Once for each worker. */
void children_start(void);

/* Kills and waits for all; at the end of a batch. */
void children_end(void);

/* A child's first words after a fork: it has no children, and random numbers of its own. */
void children_begin_as_child(uint64_t stream);

/* Remembers one. What a wait returns is taken out again. */
void children_add(int pid);
void children_remove(int pid);

/* Starts a child that sleeps, or one that ends at once; its pid or a negative errno. */
long children_start_sleeper(void);
long children_start_short(void);

/*
 * Waits for the end of a child: its wait status, or a negative errno. A child that stops is killed,
 * or left to whoever is about to continue it.
 */
long children_wait(int pid);
long children_wait_through_stops(int pid);

/* What a forked child does: some calls, then it ends in a way of its own. */
_Noreturn void children_live(void);

/* Makes a call in a child and tells what it returned there, or how the child ended in it. */
long call_in_child(struct use *use);

/* ---- generators ---- */

uint64_t child_pid(const struct use *use);         /* a living one, mostly */
uint64_t child_pid_or_self(const struct use *use); /* or 0, which means the caller */

#endif
