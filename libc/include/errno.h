// SPDX-License-Identifier: MIT
// The error number of a thread's last failed call, and the numbers' names.
#ifndef LIBC_ERRNO_H
#define LIBC_ERRNO_H

#include <asm/errno.h>

#define ENOTSUP EOPNOTSUPP

extern __thread int errno;

#endif
