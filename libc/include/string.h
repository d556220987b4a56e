// SPDX-License-Identifier: MIT
/*
 * Memory and strings. The kernel uses the first part of this header too (libc/core implements it
 * for both sides); what is below the line about ring 3 exists there only.
 */
#ifndef LIBC_STRING_H
#define LIBC_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memmove(void *to, const void *from, size_t count);
void *memset(void *memory, int byte, size_t count);
int memcmp(const void *left, const void *right, size_t count);
void *memchr(const void *memory, int byte, size_t count);

size_t strlen(const char *string);
size_t strnlen(const char *string, size_t limit);
int strcmp(const char *left, const char *right);
int strncmp(const char *left, const char *right, size_t limit);
char *strchr(const char *string, int character);
char *strrchr(const char *string, int character);
char *strstr(const char *string, const char *part);
size_t strspn(const char *string, const char *accepted);
size_t strcspn(const char *string, const char *rejected);

/*
 * Copy or append as much as fits into size bytes, always ended by a NUL if size is not 0. They
 * return the length of the string that they tried to make: size or more means it was cut.
 */
size_t strlcpy(char *restrict to, const char *restrict from, size_t size);
size_t strlcat(char *restrict to, const char *restrict from, size_t size);

/* ---- Ring 3 only ---- */

char *strcpy(char *restrict to, const char *restrict from);
char *strcat(char *restrict to, const char *restrict from);
char *strncpy(char *restrict to, const char *restrict from, size_t count);
char *strdup(const char *string);
char *strtok_r(char *restrict string, const char *restrict separators, char **restrict rest);

/* glibc's words for an errno value; a static text, or "Unknown error". */
char *strerror(int error);

/* The name of a signal as in "Segmentation fault"; never NULL. */
char *strsignal(int signal);

#endif
