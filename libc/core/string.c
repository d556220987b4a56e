// SPDX-License-Identifier: MIT
/*
 * The string functions that ring 3 and the kernel share. Byte by byte: the strings here are names
 * and command lines.
 */
#include "libc/include/string.h"

#include <stdint.h>

/* Keeps the compiler from seeing a loop as the library function that the loop implements. */
#define NOT_A_LIBRARY_CALL() __asm__ volatile("")

size_t strlen(const char *string)
{
    size_t length = 0;

    while (string[length] != '\0') {
        NOT_A_LIBRARY_CALL();
        length++;
    }
    return length;
}

size_t strnlen(const char *string, size_t limit)
{
    size_t length = 0;

    while (length < limit && string[length] != '\0')
        length++;
    return length;
}

int strcmp(const char *left, const char *right)
{
    return strncmp(left, right, PTRDIFF_MAX);
}

int strncmp(const char *left, const char *right, size_t limit)
{
    for (size_t i = 0; i < limit; i++) {
        unsigned char one = (unsigned char)left[i];
        unsigned char other = (unsigned char)right[i];

        if (one != other)
            return one - other;
        if (one == '\0')
            break;
    }
    return 0;
}

char *strchr(const char *string, int character)
{
    for (; *string != (char)character; string++) {
        if (*string == '\0')
            return NULL;
    }
    return (char *)string;
}

char *strrchr(const char *string, int character)
{
    const char *found = NULL;

    do {
        if (*string == (char)character)
            found = string;
    } while (*string++ != '\0');
    return (char *)found;
}

size_t strspn(const char *string, const char *accepted)
{
    size_t length = 0;

    while (string[length] != '\0' && strchr(accepted, string[length]) != NULL)
        length++;
    return length;
}

size_t strcspn(const char *string, const char *rejected)
{
    size_t length = 0;

    // strchr finds the NUL at the end of rejected too.
    while (strchr(rejected, string[length]) == NULL)
        length++;
    return length;
}

size_t strlcpy(char *restrict to, const char *restrict from, size_t size)
{
    size_t length = strlen(from);

    if (size > 0) {
        size_t fits = length < size ? length : size - 1;

        memcpy(to, from, fits);
        to[fits] = '\0';
    }
    return length;
}
