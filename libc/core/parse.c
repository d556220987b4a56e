// SPDX-License-Identifier: MIT
// Numbers out of text. strtoul and its family (libc/stdlib.c) and the kernel's command line use it.

#include "libc/core/parse.h"

#include <asm/errno.h>

static unsigned int digit_value(char character)
{
    if (character >= '0' && character <= '9')
        return (unsigned int)(character - '0');
    if (character >= 'a' && character <= 'z')
        return (unsigned int)(character - 'a') + 10;
    if (character >= 'A' && character <= 'Z')
        return (unsigned int)(character - 'A') + 10;
    return UINT32_MAX;
}

size_t parse_digits(const char *text, unsigned int base, uint64_t *value, int *overflow)
{
    size_t count = 0;

    *value = 0;
    *overflow = 0;
    while (digit_value(text[count]) < base) {
        if (__builtin_mul_overflow(*value, base, value) ||
            __builtin_add_overflow(*value, digit_value(text[count]), value))
            *overflow = 1;
        count++;
    }
    if (*overflow)
        *value = UINT64_MAX;
    return count;
}

int parse_u64(const char *text, uint64_t *value)
{
    unsigned int base = 10;
    uint64_t number;
    int overflow;
    size_t digits;

    if (text[0] == '+')
        text++;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    } else if (text[0] == '0') {
        base = 8;
    }
    digits = parse_digits(text, base, &number, &overflow);
    if (digits == 0 || text[digits] != '\0')
        return -EINVAL;
    if (overflow)
        return -ERANGE;
    *value = number;
    return 0;
}
