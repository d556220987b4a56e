// SPDX-License-Identifier: MIT
// Reading and writing several buffers at once.
#ifndef LIBC_SYS_UIO_H
#define LIBC_SYS_UIO_H

#include <sys/types.h>

#include <linux/uio.h>

ssize_t readv(int descriptor, const struct iovec *vectors, int count);
ssize_t writev(int descriptor, const struct iovec *vectors, int count);

#endif
