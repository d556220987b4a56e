// SPDX-License-Identifier: MIT
/*
 * The one printf engine of the tree: the stdio of ring 3 and the kernel's messages both use it.
 *
 * The room owns what ring 3 and the kernel share of C's library: this, numbers from text (parse.h),
 * and the functions on memory and strings. The rest of the library is ring 3's, in libc/.
 *
 * It knows the flags - 0 + space #, width and precision (* too), the lengths hh h l ll z j t and
 * the conversions d i u x X o c s p %. Not floating point, whose registers hold the program's
 * values in ring 0, and not %n. A conversion that it does not know is copied as it is.
 */
#ifndef LIBC_CORE_FORMAT_H
#define LIBC_CORE_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* Takes count bytes of output; context is the caller's. */
typedef void format_sink(void *context, const char *bytes, size_t count);

/*
 * Gives the formatted text to sink, in pieces. Returns how many bytes that was in all, or -1 if
 * they are more than INT_MAX.
 */
int format_output(format_sink *sink, void *context, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

/* As in the C standard, with these formats. */
int snprintf(char *buffer, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int vsnprintf(char *buffer, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

#endif
