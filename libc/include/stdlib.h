// SPDX-License-Identifier: MIT
// Memory, numbers, the environment and the end of a program.
#ifndef LIBC_STDLIB_H
#define LIBC_STDLIB_H

#include <stddef.h>

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1

void *malloc(size_t size); /* aligned to 16 */
void *calloc(size_t count, size_t size);
void *realloc(void *memory, size_t size);
void free(void *memory);

/* As in ISO C: leading space, sign, 0x or 0 with base 0 or 16; ERANGE with the limit's value. */
long strtol(const char *restrict text, char **restrict end, int base);
unsigned long strtoul(const char *restrict text, char **restrict end, int base);
int atoi(const char *text);

char *getenv(const char *name);

int atexit(void (*function)(void)); /* up to 32 */
_Noreturn void exit(int status);
_Noreturn void abort(void);

#endif
