// SPDX-License-Identifier: MIT
/*
 * Pipes: bytes from writers to readers, first in, first out.
 */
#ifndef FS_PIPE_H
#define FS_PIPE_H

#include <stdbool.h>

#include "kernel/file.h"

struct footprint;
struct pipe;

/*
 * A new pipe as its two files, each with one reference; flags: O_NONBLOCK. 0; -ENOMEM, and both are
 * NULL.
 */
int pipe_create(unsigned int flags, struct file **read_end, struct file **write_end);

/*
 * Opens a FIFO, as file->flags say: makes a file of a node an end, or both, of the pipe at *place,
 * which is made when it is first opened and gone, with *place NULL again, after the last close.
 * Waits for the other end, unless both are opened; -ENXIO, -ERESTARTSYS, -ENOMEM.
 */
int pipe_open(struct pipe **place, struct file *file);

/* Whether a file is an end of a pipe. */
bool file_is_pipe(const struct file *file);

#define PIPE_SIZE_LIMIT (1ul << 31)

/* fs.pipe-max-size: the largest size without CAP_SYS_RESOURCE, in bytes. */
extern uint64_t pipe_max_size;

/* The next power of two of pages; 0 when it would be too much. */
uint32_t pipe_round_size(uint32_t size);

/*
 * How many bytes a pipe holds, and the change of that: to a power of two of pages, which is
 * returned; -EINVAL, -EPERM, -EBUSY when more is in it, -ENOMEM.
 */
uint32_t pipe_size(const struct file *file);

/* file_operations.footprint of an end. */
void pipe_add_footprint(struct file *file, struct footprint *footprint);
long pipe_set_size(struct file *file, uint32_t size);

/*
 * Read and write an end that is open for it; flags: O_NONBLOCK. Bytes, 0 for the end of the pipe;
 * -EAGAIN, -EFAULT, -EPIPE (with SIGPIPE unless PIPE_NO_SIGNAL), -ERESTARTSYS, -ENOMEM.
 */
#define PIPE_NO_SIGNAL (1u << 31) /* no flag of open() */
long pipe_read(struct file *file, struct io_iter *to, unsigned int flags);
long pipe_write(struct file *file, struct io_iter *from, unsigned int flags);

/* Whether nobody can read any more; -EPIPE, and SIGPIPE unless PIPE_NO_SIGNAL. */
bool pipe_is_broken(const struct file *end);
long pipe_break(unsigned int flags);

/* Whether all readers have gone and left bytes behind. */
bool pipe_is_abandoned(const struct file *end);

/* As if all ends were closed: what is in the pipe can be read, and no more be written. */
void pipe_shut(struct file *end);

#endif
