// SPDX-License-Identifier: MIT
/*
 * System calls that copy from one file to another: sendfile and copy_file_range. The bytes go
 * through a page of the kernel's.
 *
 * The room owns calls that move bytes without a buffer of the program's, vmsplice among them, and
 * memfd_create with its seals. It leaves reading and writing to the files themselves
 * (kernel/file/file.h), the bytes of a memfd to fs/tmpfs/, and the checks of seals to whoever
 * changes a file (fs/more/seals.h).
 */
#include <asm/errno.h>
#include <asm/fcntl.h>

#include "arch/cpu/types.h"
#include "arch/mmu/usercopy.h"
#include "fs/more/size_limit.h"
#include "fs/more/status.h"
#include "fs/open/open.h"
#include "kernel/call/io_iter.h"
#include "kernel/call/syscall.h"
#include "kernel/file/file.h"
#include "mm/page/slab.h"

/* One piece; both offsets move on by what was written. out_offset NULL: the file's own. */
static long copy_piece(struct file *out, uint64_t *out_offset, struct file *in, uint64_t *offset,
                       char *buffer, size_t size)
{
    long count = file_read_kernel(in, buffer, size, *offset);
    struct iovec segment = {.iov_base = buffer, .iov_len = count};
    struct io_iter from;
    long written;

    if (count <= 0)
        return count;
    io_iter_kernel(&from, &segment);
    written = file_write(out, &from, out_offset);
    if (written > 0)
        *offset += written;
    return written;
}

static long copy_all(struct file *out, uint64_t *out_offset, struct file *in, uint64_t *offset,
                     size_t count)
{
    char *buffer = kmalloc(PAGE_SIZE);
    long total = 0;

    if (!buffer)
        return -ENOMEM;
    while (count) {
        size_t size = count < PAGE_SIZE ? count : PAGE_SIZE;
        long sent = copy_piece(out, out_offset, in, offset, buffer, size);

        if (sent <= 0) {
            total = total ? total : sent;
            break;
        }
        total += sent;
        count -= sent;
    }
    kfree(buffer);
    return total;
}

/* *offset, where to read, moves on. Either file may be NULL. */
static long send_file(struct file *out, struct file *in, uint64_t *offset, size_t count)
{
    if (!in || !file_is_readable(in))
        return -EBADF;
    if ((long)*offset < 0)
        return -EINVAL;
    if (!out || !file_is_writable(out))
        return -EBADF;
    if (!in->operations->object || !out->operations->write || (out->flags & O_APPEND))
        return -EINVAL;
    return copy_all(out, NULL, in, offset, count < IO_COUNT_MAX ? count : IO_COUNT_MAX);
}

/* A file may be sent to itself: then its offset is where the reading ended. */
static long send_from_here(struct file *out, struct file *in, size_t count)
{
    uint64_t offset = in->offset;
    long result = send_file(out, in, &offset, count);

    if (result >= 0)
        in->offset = offset;
    return result;
}

static long send_at(struct file *out, struct file *in, uintptr_t user_offset, size_t count)
{
    uint64_t offset;
    long result;

    if (copy_from_user(&offset, user_offset, sizeof(offset)))
        return -EFAULT;
    result = send_file(out, in, &offset, count);
    return copy_to_user(user_offset, &offset, sizeof(offset)) ? -EFAULT : result;
}

SYSCALL4(sendfile, int, out_fd, int, in_fd, uintptr_t, offset, size_t, count)
{
    struct file *in = fd_get(in_fd);
    struct file *out = fd_get(out_fd);
    long result = -EBADF;

    if (offset)
        result = send_at(out, in, offset, count);
    else if (in)
        result = send_from_here(out, in, count);
    if (in)
        file_put(in);
    if (out)
        file_put(out);
    return result;
}

/* ---- copy_file_range ---- */

/* One side of a copy: where it is in its file, and where that was said. */
struct copy_side {
    struct file *file;
    uintptr_t user_offset; /* 0: the file's own offset */
    uint64_t offset;
};

static long get_side(struct copy_side *side)
{
    side->offset = side->file->offset;
    if (side->user_offset && copy_from_user(&side->offset, side->user_offset, sizeof(side->offset)))
        return -EFAULT;
    return 0;
}

static long put_side(const struct copy_side *side)
{
    if (!side->user_offset)
        side->file->offset = side->offset;
    else if (copy_to_user(side->user_offset, &side->offset, sizeof(side->offset)))
        return -EFAULT;
    return 0;
}

/* Only regular files with contents of their own can be copied so: -EISDIR, -EINVAL, -EBADF. */
static long check_sides(const struct file *in, const struct file *out)
{
    if ((in->node && node_is_directory(in->node)) || (out->node && node_is_directory(out->node)))
        return -EISDIR;
    if (!file_is_stored(in) || !file_is_stored(out))
        return -EINVAL;
    if (!file_is_readable(in) || !file_is_writable(out) || (out->flags & O_APPEND))
        return -EBADF;
    return in->node->file_system == out->node->file_system ? 0 : -EXDEV;
}

/* What can be read of count bytes; Linux looks at the end of the file before other limits. */
static size_t count_to_end(const struct copy_side *in, size_t count)
{
    struct stat status;

    node_status(in->file->node, &status);
    if (in->offset >= (uint64_t)status.st_size)
        return 0;
    return count < status.st_size - in->offset ? count : status.st_size - in->offset;
}

static long copy_range(struct copy_side *in, struct copy_side *out, size_t count,
                       unsigned int flags)
{
    long error = get_side(in);
    uint64_t end;
    long result;

    if (!error)
        error = get_side(out);
    if (!error && flags)
        error = -EINVAL;
    if (!error)
        error = check_sides(in->file, out->file);
    if (error)
        return error;
    if (__builtin_add_overflow(in->offset, count, &end) ||
        __builtin_add_overflow(out->offset, count, &end))
        return -EOVERFLOW;
    count = count_to_end(in, count);
    if (out->offset >= size_limit())
        return size_limit_exceeded();
    if (count > size_limit() - out->offset)
        count = size_limit() - out->offset;
    end = in->offset + count;
    if (in->file->node == out->file->node && in->offset < out->offset + count && out->offset < end)
        return -EINVAL;
    if ((long)in->offset < 0 || (long)out->offset < 0)
        return -EINVAL;
    if (count > IO_COUNT_MAX)
        count = IO_COUNT_MAX;
    result = copy_all(out->file, &out->offset, in->file, &in->offset, count);
    error = put_side(in);
    if (!error)
        error = put_side(out);
    return error ? error : result;
}

SYSCALL6(copy_file_range, int, in_fd, uintptr_t, in_offset, int, out_fd, uintptr_t, out_offset,
         size_t, count, unsigned int, flags)
{
    struct copy_side in = {.file = fd_get(in_fd), .user_offset = in_offset};
    struct copy_side out = {.file = fd_get(out_fd), .user_offset = out_offset};
    long result = -EBADF;

    if (in.file && out.file)
        result = copy_range(&in, &out, count, flags);
    if (in.file)
        file_put(in.file);
    if (out.file)
        file_put(out.file);
    return result;
}
