// SPDX-License-Identifier: MIT
/*
 * Resource limits: calls lower them, and they are raised again before anything else fails for it.
 */
#ifndef TESTS_FUZZ_LIMITS_H
#define TESTS_FUZZ_LIMITS_H

#include "tests/fuzz/call.h"

void limits_remember(void);
void limits_restore(void);

/* Only the current values change; the highest that may be had stay. */
extern const struct call_table limit_calls;

#endif
