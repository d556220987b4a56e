// SPDX-License-Identifier: MIT
/*
 * What the harnesses of parsers share. Each is one file of tests/parsers/: it gives a parser of the
 * kernel, compiled for the host, the bytes that libFuzzer makes up, and stands for the parts of the
 * kernel that the parser leans on. A mistake is what AddressSanitizer or UndefinedBehaviorSanitizer
 * sees, or a claim of a header that does not hold: expect().
 *
 * The sources of the kernel are compiled with its own headers, so the host's are not used here, and
 * what is needed of its library is declared.
 */
#ifndef TESTS_PARSERS_SUPPORT_HARNESS_H
#define TESTS_PARSERS_SUPPORT_HARNESS_H

#include <stddef.h>
#include <stdint.h>

#include "arch/cpu/types.h"

void *malloc(size_t size);
void free(void *memory);
void abort(void) __attribute__((noreturn));

/* The harness: gives a parser some bytes. Always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Called once before the first. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* A crash for libFuzzer, at the place where a claim does not hold. */
#define expect(claim) \
    do {              \
        if (!(claim)) \
            abort();  \
    } while (0)

/* A copy that ends where its block of the heap does, so that a byte too far is seen. */
void *exact_copy(const void *bytes, size_t size);

/*
 * The input as physical memory, from an address on. Each part that is shown is an exact copy and
 * goes with memory_forget(); what is not there is not shown.
 */
void memory_set(uint64_t base, const uint8_t *bytes, size_t size);
const void *memory_show(paddr_t address, size_t size);
void memory_forget(void);

/*
 * A BIOS's area of size bytes: zeros with the bytes at its end. It stays from one input to the
 * next, since it is large; there is one.
 */
uint8_t *bios_area(size_t size, const uint8_t *bytes, size_t count);

/*
 * Makes the sum of all bytes 0 by the one at an offset: no checksum keeps a fuzzer from what is
 * behind it.
 */
void seal(uint8_t *bytes, size_t size, size_t at);

#endif
