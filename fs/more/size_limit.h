// SPDX-License-Identifier: MIT
/*
 * RLIMIT_FSIZE: how large the running process may make a file.
 */
#ifndef FS_MORE_SIZE_LIMIT_H
#define FS_MORE_SIZE_LIMIT_H

#include <stdint.h>

struct io_iter;

/* The largest size. */
uint64_t size_limit(void);

/* What follows from more: SIGXFSZ, and -EFBIG. */
int size_limit_exceeded(void);

/* Cuts a write at this offset to the limit: 0, or what follows where nothing may be written. */
int size_limit_write(struct io_iter *from, uint64_t offset);

#endif
