// SPDX-License-Identifier: MIT
/*
 * vmsplice: memory into a pipe and out of one. The bytes are copied, where Linux lends the pages
 * themselves to the pipe: what the caller writes there before they are read is not seen.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>

#include "fs/open/open.h"
#include "fs/open/vector.h"
#include "fs/pipe/pipe.h"
#include "kernel/call/syscall.h"
#include "mm/page/slab.h"

/* Not in uapi: vmsplice(2). */
#define SPLICE_F_MOVE     1
#define SPLICE_F_NONBLOCK 2
#define SPLICE_F_MORE     4
#define SPLICE_F_GIFT     8
#define SPLICE_F_ALL      (SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT)

static long splice_memory(struct file *file, struct io_iter *memory, unsigned int flags)
{
    unsigned int how = flags & SPLICE_F_NONBLOCK ? O_NONBLOCK : file->flags;

    if (!memory->remaining)
        return 0;
    if (!file_is_pipe(file))
        return -EBADF;
    return file_is_writable(file) ? pipe_write(file, memory, how) : pipe_read(file, memory, how);
}

SYSCALL4(vmsplice, int, fd, uintptr_t, user_segments, size_t, count, unsigned int, flags)
{
    struct iovec *segments;
    struct io_iter memory;
    struct file *file;
    long result;

    if (flags & ~SPLICE_F_ALL)
        return -EINVAL;
    file = fd_get(fd);
    if (!file)
        return -EBADF;
    result = -EBADF;
    if (file_is_readable(file) || file_is_writable(file))
        result = import_iovec(user_segments, count, &segments, &memory);
    if (!result) {
        result = splice_memory(file, &memory, flags);
        kfree(segments);
    }
    file_put(file);
    return result;
}
