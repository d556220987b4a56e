// SPDX-License-Identifier: MIT
/*
 * Numbers out of text, for ring 3 and for the kernel.
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
 * Reads text as a whole, a number as C writes it: decimal, octal after 0 or hexadecimal after 0x; a
 * + before it is allowed, no other sign, no space, and nothing behind the digits. Returns 0,
 * -EINVAL (not such a number) or -ERANGE (more than 64 bits); *value is only changed on success.
 * Linux's kernel reads its settings so (kstrtoull() without a base).
 */
int parse_u64(const char *text, uint64_t *value);

#endif
