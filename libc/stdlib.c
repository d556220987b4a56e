// SPDX-License-Identifier: MIT
// Numbers out of text, by ISO C's rules for the space, the sign and the base.

#include <stdlib.h>

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "libc/core/parse.h"

struct number {
    int negative;
    int overflow; /* the magnitude is more than 64 bits */
    uint64_t magnitude;
};

static int hex_prefix(const char *text)
{
    uint64_t value;
    int overflow;

    return text[0] == '0' && (text[1] == 'x' || text[1] == 'X') &&
           parse_digits(text + 2, 16, &value, &overflow) > 0;
}

static struct number parse_number(const char *text, char **end, int base)
{
    struct number number = {0};
    const char *at = text + strspn(text, " \t\n\v\f\r");
    size_t digits;

    number.negative = *at == '-';
    if (*at == '-' || *at == '+')
        at++;
    if ((base == 0 || base == 16) && hex_prefix(at)) {
        at += 2;
        base = 16;
    }
    if (base == 0)
        base = *at == '0' ? 8 : 10;
    digits = parse_digits(at, (unsigned int)base, &number.magnitude, &number.overflow);
    if (end != NULL)
        *end = (char *)(digits > 0 ? at + digits : text);
    return number;
}

unsigned long strtoul(const char *restrict text, char **restrict end, int base)
{
    struct number number = parse_number(text, end, base);

    if (number.overflow) {
        errno = ERANGE;
        return ULONG_MAX;
    }
    return number.negative ? -number.magnitude : number.magnitude;
}

long strtol(const char *restrict text, char **restrict end, int base)
{
    struct number number = parse_number(text, end, base);
    uint64_t limit = (uint64_t)LONG_MAX + (number.negative ? 1 : 0);

    if (number.magnitude > limit) {
        errno = ERANGE;
        return number.negative ? LONG_MIN : LONG_MAX;
    }
    return (long)(number.negative ? -number.magnitude : number.magnitude);
}

int atoi(const char *text)
{
    return (int)strtol(text, NULL, 10);
}
