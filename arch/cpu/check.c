// SPDX-License-Identifier: MIT
#include "arch/cpu/check.h"

#include <stdarg.h>

#include "arch/cpu/bug.h"
#include "libc/core/format.h"
#include "libc/include/string.h"

/* The text of the assertion that breaks here: of the first check to fail, after which all stops. */
static char text[160];

void check_failed(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    bug(text);
}

void poison(void *memory, size_t size)
{
    memset(memory, 0xa5, size);
}
