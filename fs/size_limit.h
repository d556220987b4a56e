// SPDX-License-Identifier: MIT
/*
 * RLIMIT_FSIZE: how large the running process may make a file.
 */
#ifndef FS_SIZE_LIMIT_H
#define FS_SIZE_LIMIT_H

#include <stdint.h>

/* The largest size. */
uint64_t size_limit(void);

/* What follows from more: SIGXFSZ, and -EFBIG. */
int size_limit_exceeded(void);

#endif
