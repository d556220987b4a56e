// SPDX-License-Identifier: MIT
/*
 * Random bytes: RDRAND where the CPU has it; otherwise a generator seeded by the clocks, which
 * is good enough for AT_RANDOM and for tests, and not for secrets.
 */
#ifndef KERNEL_CALL_RANDOM_H
#define KERNEL_CALL_RANDOM_H

#include <stddef.h>
#include <stdint.h>

uint64_t random_word(void);
void random_bytes(void *buffer, size_t size);

#endif
