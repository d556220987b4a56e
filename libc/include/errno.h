// SPDX-License-Identifier: MIT
// The error number of the last failed call, and the numbers' names.
#ifndef LIBC_ERRNO_H
#define LIBC_ERRNO_H

#include <asm/errno.h>

#define ENOTSUP EOPNOTSUPP

extern int errno;

#endif
