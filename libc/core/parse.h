// SPDX-License-Identifier: MIT
/*
 * Numbers from text, for ring 3 and for the kernel.
 */
#ifndef LIBC_CORE_PARSE_H
#define LIBC_CORE_PARSE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Reads the digits of the given base (2 to 36) at the start of text into *value. Returns how many
 * there are, 0 if none; *value is UINT64_MAX and *overflow 1 when they do not fit, else 0.
 */
size_t parse_digits(const char *text, unsigned int base, uint64_t *value, int *overflow);

/*
 * Reads the whole text as a number in C notation: decimal, octal after 0 or hexadecimal after 0x; a
 * + before it is allowed, no other sign, no space, and nothing after the digits. Returns 0, -EINVAL
 * (not such a number) or -ERANGE (more than 64 bits); *value is only changed on success. Linux
 * reads its settings in this way (kstrtoull() with base 0).
 */
int parse_u64(const char *text, uint64_t *value);

#endif
