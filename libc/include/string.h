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
size_t strspn(const char *string, const char *accepted);
size_t strcspn(const char *string, const char *rejected);

/*
 * Copies as much as fits into size bytes, always ended by a NUL if size is not 0. Returns the
 * length of from: size or more means that it was cut.
 */
size_t strlcpy(char *restrict to, const char *restrict from, size_t size);

/* ---- ring 3 only ---- */

char *strcpy(char *restrict to, const char *restrict from);
char *strstr(const char *string, const char *part);

/* glibc's words for an errno value; a static text, or "Unknown error". */
char *strerror(int error);
#endif
