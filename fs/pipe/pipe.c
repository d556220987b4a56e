// SPDX-License-Identifier: MIT
/*
 * Pipes: bytes into them and out, their ends as files, their making and the calls for it. The
 * kernel lock guards all of it: to touch user memory is no sleep, so a transfer is whole.
 */
#include "fs/pipe/pipe.h"

#include <asm/errno.h>
#include <asm/fcntl.h>
#include <linux/limits.h>
#include <linux/stat.h>

#include "arch/cpu/types.h"
#include "arch/mmu/usercopy.h"
#include "fs/more/status.h"
#include "fs/node/node.h"
#include "fs/open/open.h"
#include "kernel/call/permission.h"
#include "kernel/call/syscall.h"
#include "kernel/signal/signal.h"
#include "kernel/task/task.h"
#include "libc/include/string.h"
#include "mm/page/slab.h"

#define CAPACITY 65536

uint64_t pipe_max_size = 1u << 20;

/* ---- reading ---- */

static bool is_readable(void *context)
{
    const struct pipe *pipe = context;

    return ring_used(&pipe->ring) || !pipe_has_writers(pipe);
}

long pipe_read(struct file *file, struct io_iter *to, unsigned int flags)
{
    struct pipe *pipe = file->state;
    long result = 0;

    if (!to->remaining)
        return 0;
    for (;;) {
        result = ring_take(&pipe->ring, to);
        if (result)
            break;
        if (!pipe_has_writers(pipe))
            return 0;
        if (flags & O_NONBLOCK)
            return -EAGAIN;
        result = wait_event(&pipe->can_read, is_readable, pipe);
        if (result)
            return result;
    }
    if (result > 0)
        file_wake(&pipe->can_write);
    return result;
}

/* A wait for room: how much of it. */
struct pipe_wait {
    const struct pipe *pipe;
    uint32_t room;
};

/* ---- writing ---- */

static bool has_room(void *context)
{
    const struct pipe_wait *wait = context;

    return ring_room(&wait->pipe->ring) >= wait->room || !pipe_has_readers(wait->pipe);
}

/* One round of a write: bytes, 0 when it has to wait for room, or an error. */
static long write_some(struct pipe *pipe, struct io_iter *from, uint32_t needed)
{
    long result = 0;

    if (!pipe_has_readers(pipe))
        result = -EPIPE;
    else if (ring_room(&pipe->ring) >= needed)
        result = ring_put(&pipe->ring, from);
    if (result > 0)
        file_wake(&pipe->can_read);
    return result;
}

long pipe_break(unsigned int flags)
{
    if (!(flags & PIPE_NO_SIGNAL))
        signal_send(current(), SIGPIPE);
    return -EPIPE;
}

/* A write of up to PIPE_BUF bytes is whole; a larger one may be mixed with others'. */
long pipe_write(struct file *file, struct io_iter *from, unsigned int flags)
{
    struct pipe *pipe = file->state;
    struct pipe_wait wait = {.pipe = pipe, .room = 1};
    long total = 0;
    long result = 0;

    if (from->remaining <= PIPE_BUF)
        wait.room = from->remaining;
    while (from->remaining && result >= 0) {
        result = write_some(pipe, from, wait.room);
        if (result > 0)
            total += result;
        else if (result == 0 && (flags & O_NONBLOCK))
            result = -EAGAIN;
        else if (result == 0)
            result = wait_event(&pipe->can_write, has_room, &wait);
    }
    if (result == -EPIPE)
        pipe_break(flags);
    return total ? total : result;
}

/* ---- files ---- */

long pipe_file_read(struct file *file, struct io_iter *to, uint64_t *offset)
{
    (void)offset;
    return pipe_read(file, to, file->flags);
}

long pipe_file_write(struct file *file, struct io_iter *from, uint64_t *offset)
{
    (void)offset;
    return pipe_write(file, from, file->flags);
}

int pipe_file_status(struct file *file, struct stat *result)
{
    const struct pipe *pipe = file->state;

    if (file->node) {
        node_status(file->node, result);
        return 0;
    }
    memset(result, 0, sizeof(*result));
    result->st_ino = pipe->number;
    result->st_mode = S_IFIFO | 0600;
    result->st_nlink = 1;
    result->st_blksize = PAGE_SIZE;
    return 0;
}

static void pipe_free(struct pipe *pipe)
{
    if (pipe->place)
        *pipe->place = NULL;
    ring_free(&pipe->ring);
    kfree(pipe);
}

/* An end is closed, or both of a FIFO's: the others learn it, or the pipe is gone. */
void pipe_file_release(struct file *file)
{
    struct pipe *pipe = file->state;

    pipe->readers -= file_is_readable(file);
    pipe->writers -= file_is_writable(file);
    if (!pipe->readers && !pipe->writers) {
        pipe_free(pipe);
    } else {
        file_wake(&pipe->can_read);
        file_wake(&pipe->can_write);
    }
    node_put(file->node);
}

bool file_is_pipe(const struct file *file)
{
    return file->operations == &pipe_operations;
}

/* ---- making ---- */

struct pipe *pipe_make(void)
{
    static uint64_t last_number;
    struct pipe *pipe = kzalloc(sizeof(*pipe));
    uint32_t capacity = CAPACITY;

    if (!pipe)
        return NULL;
    if (capacity > pipe_max_size && !task_may(CAP_SYS_RESOURCE))
        capacity = (uint32_t)pipe_max_size;
    if (ring_init(&pipe->ring, capacity)) {
        kfree(pipe);
        return NULL;
    }
    wait_queue_init(&pipe->can_read);
    wait_queue_init(&pipe->can_write);
    pipe->number = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
    return pipe;
}

int pipe_create(unsigned int flags, struct file **read_end, struct file **write_end)
{
    struct pipe *pipe = pipe_make();

    if (!pipe)
        return -ENOMEM;
    *read_end = file_create(&pipe_operations, O_RDONLY | flags);
    *write_end = file_create(&pipe_operations, O_WRONLY | flags);
    if (!*read_end || !*write_end) {
        kfree(*read_end);
        kfree(*write_end);
        pipe_free(pipe);
        *read_end = *write_end = NULL;
        return -ENOMEM;
    }
    pipe->readers = pipe->writers = 1;
    pipe->writers_ever = 1;
    (*read_end)->state = (*write_end)->state = pipe;
    return 0;
}

long fd_install_pair(struct file *files[2], bool close_on_exec, uintptr_t user_fds)
{
    struct file_table *table = current()->files;
    int fds[2];

    fds[0] = file_table_add(table, files[0], 0, close_on_exec);
    if (fds[0] < 0) {
        file_put(files[1]);
        return fds[0];
    }
    fds[1] = file_table_add(table, files[1], 0, close_on_exec);
    if (fds[1] < 0) {
        file_table_close(table, fds[0]);
        return fds[1];
    }
    if (!copy_to_user(user_fds, fds, sizeof(fds)))
        return 0;
    file_table_close(table, fds[0]);
    file_table_close(table, fds[1]);
    return -EFAULT;
}

static long make_pipe(uintptr_t user_fds, unsigned int flags)
{
    struct file *ends[2];
    long error;

    if (flags & ~(O_CLOEXEC | O_NONBLOCK))
        return -EINVAL;
    error = pipe_create(flags & O_NONBLOCK, &ends[0], &ends[1]);
    return error ? error : fd_install_pair(ends, flags & O_CLOEXEC, user_fds);
}

SYSCALL1(pipe, uintptr_t, fds)
{
    return make_pipe(fds, 0);
}

SYSCALL2(pipe2, uintptr_t, fds, unsigned int, flags)
{
    return make_pipe(fds, flags);
}
