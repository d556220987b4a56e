// SPDX-License-Identifier: MIT
/*
 * Formatted and buffered output of ring 3. The formats are those of libc/core/format.h, which has
 * the first two functions for the kernel: no floating point, no %n.
 */
#ifndef LIBC_STDIO_H
#define LIBC_STDIO_H

#include <stdarg.h>
#include <stddef.h>

int snprintf(char *buffer, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int vsnprintf(char *buffer, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

#define EOF    (-1)
#define BUFSIZ 4096

typedef struct libc_file FILE;

/* Output is buffered by lines on a terminal and by BUFSIZ elsewhere; stderr is not buffered. */
extern FILE *const stdout;
extern FILE *const stderr;

int printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int vprintf(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));
int fprintf(FILE *file, const char *format, ...) __attribute__((format(printf, 2, 3)));
int vfprintf(FILE *file, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

size_t fwrite(const void *items, size_t size, size_t count, FILE *file);
int fputs(const char *string, FILE *file);
int puts(const char *string);
int fputc(int character, FILE *file);
int putc(int character, FILE *file);
int putchar(int character);
int fflush(FILE *file); /* NULL: all files */

/* Prints "prefix: words for errno" on stderr. */
void perror(const char *prefix);

#endif
