// SPDX-License-Identifier: MIT
// The older names of string functions; clang calls bcmp() where memcmp()'s sign is not looked at.
#ifndef LIBC_STRINGS_H
#define LIBC_STRINGS_H

#include <stddef.h>

int bcmp(const void *left, const void *right, size_t count);

#endif
