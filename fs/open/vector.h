// SPDX-License-Identifier: MIT
/*
 * Several buffers in user space in one call: arrays of iovec.
 */
#ifndef FS_OPEN_VECTOR_H
#define FS_OPEN_VECTOR_H

#include <stddef.h>
#include <stdint.h>

#include "fs/open/open.h"
#include "kernel/call/io_iter.h"

/*
 * Copies an array of iovec from user space: -EINVAL for more than UIO_MAXIOV or a length that is
 * negative as ssize_t, -EFAULT, -ENOMEM. Where the segments lie is not looked at: they may be
 * another process's. The caller frees the array by kfree().
 */
int iovec_from_user(uintptr_t user, size_t count, struct iovec **segments);

/*
 * The same for segments of the caller's own, with an iter over them: -EFAULT for what is not in the
 * user half. The sum of the lengths is cut to IO_COUNT_MAX.
 */
int import_iovec(uintptr_t user, size_t count, struct iovec **segments, struct io_iter *iter);

/*
 * Moves bytes between a file and segments in user space, as file_transfer_buffer() does. flags:
 * RWF_* of preadv2(), of which most are -EOPNOTSUPP.
 */
long file_transfer_segments(struct file *file, uintptr_t vector, size_t count, uint64_t *offset,
                            unsigned int flags, file_transfer_t transfer);

/* The same at the own offset of the file that a descriptor is for; also -EBADF. */
long fd_transfer_segments(int fd, uintptr_t vector, size_t count, unsigned int flags,
                          file_transfer_t transfer);

#endif
