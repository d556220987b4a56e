// SPDX-License-Identifier: MIT
/*
 * Pipes: bytes from writers to readers, first in, first out.
 *
 * This room owns pipes, with or without a name, and the ring of bytes in them; socket pairs are
 * made of two (fs/socket/).
 */
#ifndef FS_PIPE_PIPE_H
#define FS_PIPE_PIPE_H

#include <stdbool.h>
#include <stdint.h>

#include "fs/pipe/byte_ring.h"
#include "kernel/file/file.h"
#include "kernel/task/wait_queue.h"

struct footprint;

/* The kernel lock guards all of it. */
struct pipe {
    unsigned int readers, writers; /* ends that are open */
    bool is_shut;                  /* counts as having neither */
    /* Of a FIFO: ends that were ever opened, and where its node points to this. */
    uint64_t readers_ever, writers_ever;
    struct pipe **place;
    struct byte_ring ring;
    struct wait_queue can_read, can_write;
    uint64_t number;     /* st_ino */
    uint64_t counted_by; /* as a memory object's: its ends are counted once */
};

static inline bool pipe_has_readers(const struct pipe *pipe)
{
    return pipe->readers && !pipe->is_shut;
}

static inline bool pipe_has_writers(const struct pipe *pipe)
{
    return pipe->writers && !pipe->is_shut;
}

/* A pipe without ends, or NULL. */
struct pipe *pipe_make(void);

/* Of either end, and of a FIFO that is opened for both: the flags say which, and are looked at. */
extern const struct file_operations pipe_operations;

/* What its table has (fs/pipe/pipe_file.c). */
long pipe_file_read(struct file *file, struct io_iter *to, uint64_t *offset);
long pipe_file_write(struct file *file, struct io_iter *from, uint64_t *offset);
int pipe_file_status(struct file *file, struct stat *result);
void pipe_file_release(struct file *file);
void pipe_add_footprint(struct file *file, struct footprint *footprint);

/*
 * A new pipe as its two files, each with one reference; flags: O_NONBLOCK. 0; -ENOMEM, and both are
 * NULL.
 */
int pipe_create(unsigned int flags, struct file **read_end, struct file **write_end);

/* Whether a file is an end of a pipe. */
bool file_is_pipe(const struct file *file);

/* The next power of two of pages; 0 when it would be too much. */
#define PIPE_SIZE_LIMIT (1ul << 31)
uint32_t pipe_round_size(uint32_t size);

/* fs.pipe-max-size: the largest size without CAP_SYS_RESOURCE, in bytes. */
extern uint64_t pipe_max_size;

/*
 * Read and write an end that is open for it; flags: O_NONBLOCK. Bytes, 0 for the end of the pipe;
 * -EAGAIN, -EFAULT, -EPIPE (with SIGPIPE unless PIPE_NO_SIGNAL), -ERESTARTSYS, -ENOMEM.
 */
#define PIPE_NO_SIGNAL (1u << 31) /* no flag of open() */
long pipe_read(struct file *file, struct io_iter *to, unsigned int flags);
long pipe_write(struct file *file, struct io_iter *from, unsigned int flags);

/* -EPIPE, and SIGPIPE unless PIPE_NO_SIGNAL. */
long pipe_break(unsigned int flags);

/* ---- for sockets ---- */

/* Whether nobody can read any more. */
bool pipe_is_broken(const struct file *end);

/* Whether all readers have gone and left bytes behind. */
bool pipe_is_abandoned(const struct file *end);

/* As if all ends were closed: what is in the pipe can be read, and no more be written. */
void pipe_shut(struct file *end);

/*
 * Two files at new descriptors, whose numbers are written to user space, or neither: 0, -EMFILE,
 * -ENOMEM, -EFAULT. The references pass to the table or are dropped.
 */
long fd_install_pair(struct file *files[2], bool close_on_exec, uintptr_t user_fds);

#endif
