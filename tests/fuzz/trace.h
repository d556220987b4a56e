// SPDX-License-Identifier: MIT
/*
 * ptrace: a child that is stopped and traced, and requests that fit it.
 */
#ifndef TESTS_FUZZ_TRACE_H
#define TESTS_FUZZ_TRACE_H

#include "tests/fuzz/call.h"

/* Makes the request of a tracee, starting one if there is none; the pid's argument is filled in. */
long trace_run(struct use *use);

/* ---- generators ---- */

uint64_t trace_request(const struct use *use);
uint64_t trace_address(const struct use *use);
uint64_t trace_data(const struct use *use);

#endif
