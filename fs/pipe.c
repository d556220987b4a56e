// SPDX-License-Identifier: MIT
/*
 * Pipes. The kernel lock guards all of it: to touch user memory is no sleep, so a transfer is
 * whole.
 */
#include "fs/pipe.h"

#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/ioctls.h>
#include <asm/poll.h>
#include <linux/limits.h>
#include <linux/stat.h>

#include "arch/types.h"
#include "arch/usercopy.h"
#include "fs/byte_ring.h"
#include "fs/open.h"
#include "kernel/signal.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "libc/include/string.h"
#include "mm/footprint.h"
#include "mm/slab.h"

#define CAPACITY 65536

uint64_t pipe_max_size = 1u << 20;

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

/* A wait for room: how much of it. */
struct pipe_wait {
    const struct pipe *pipe;
    uint32_t room;
};

static bool has_readers(const struct pipe *pipe)
{
    return pipe->readers && !pipe->is_shut;
}

static bool has_writers(const struct pipe *pipe)
{
    return pipe->writers && !pipe->is_shut;
}

static uint32_t used(const struct pipe *pipe)
{
    return ring_used(&pipe->ring);
}

static uint32_t room(const struct pipe *pipe)
{
    return ring_room(&pipe->ring);
}

/* ---- Reading ---- */

static bool is_readable(void *context)
{
    const struct pipe *pipe = context;

    return used(pipe) || !has_writers(pipe);
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
        if (!has_writers(pipe))
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

static long read(struct file *file, struct io_iter *to, uint64_t *offset)
{
    (void)offset;
    return pipe_read(file, to, file->flags);
}

/* ---- Writing ---- */

static bool has_room(void *context)
{
    const struct pipe_wait *wait = context;

    return room(wait->pipe) >= wait->room || !has_readers(wait->pipe);
}

/* One round of a write: bytes, 0 when it has to wait for room, or an error. */
static long write_some(struct pipe *pipe, struct io_iter *from, uint32_t needed)
{
    long result = 0;

    if (!has_readers(pipe))
        result = -EPIPE;
    else if (room(pipe) >= needed)
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

bool pipe_is_broken(const struct file *end)
{
    return !has_readers(end->state);
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

static long write(struct file *file, struct io_iter *from, uint64_t *offset)
{
    (void)offset;
    return pipe_write(file, from, file->flags);
}

/* ---- The rest of a file ---- */

static int status(struct file *file, struct stat *result)
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

static long control(struct file *file, unsigned int request, uintptr_t argument)
{
    return request == FIONREAD ? put_user_int(argument, used(file->state)) : -ENOTTY;
}

static unsigned int poll_read_end(struct file *file)
{
    const struct pipe *pipe = file->state;
    unsigned int events = 0;

    if (used(pipe))
        events |= POLLIN | POLLRDNORM;
    /* offset: how many writers a FIFO had had when this was opened; before one comes, none hangs up
     */
    if (!has_writers(pipe) && pipe->writers_ever != file->offset)
        events |= POLLHUP;
    return events;
}

static unsigned int poll_write_end(struct file *file)
{
    const struct pipe *pipe = file->state;
    unsigned int events = 0;

    if (room(pipe) >= PIPE_BUF)
        events |= POLLOUT | POLLWRNORM;
    if (!has_readers(pipe))
        events |= POLLERR;
    return events;
}

static unsigned int poll_both_ends(struct file *file)
{
    return (poll_read_end(file) | poll_write_end(file)) & ~(POLLHUP | POLLERR);
}

static void pipe_free(struct pipe *pipe)
{
    if (pipe->place)
        *pipe->place = NULL;
    ring_free(&pipe->ring);
    kfree(pipe);
}

/* An end is closed: the others learn it, or the pipe is gone. */
static void release_end(struct pipe *pipe, unsigned int *ends)
{
    (*ends)--;
    if (!pipe->readers && !pipe->writers) {
        pipe_free(pipe);
        return;
    }
    file_wake(&pipe->can_read);
    file_wake(&pipe->can_write);
}

bool pipe_is_abandoned(const struct file *end)
{
    const struct pipe *pipe = end->state;

    return !pipe->readers && used(pipe);
}

void pipe_shut(struct file *end)
{
    struct pipe *pipe = end->state;

    pipe->is_shut = true;
    file_wake(&pipe->can_read);
    file_wake(&pipe->can_write);
}

static void release_read_end(struct file *file)
{
    struct pipe *pipe = file->state;

    release_end(pipe, &pipe->readers);
    node_put(file->node);
}

static void release_write_end(struct file *file)
{
    struct pipe *pipe = file->state;

    release_end(pipe, &pipe->writers);
    node_put(file->node);
}

static void release_both_ends(struct file *file)
{
    struct pipe *pipe = file->state;

    pipe->writers--;
    release_end(pipe, &pipe->readers);
    node_put(file->node);
}

void pipe_add_footprint(struct file *file, struct footprint *footprint)
{
    struct pipe *pipe = file->state;

    if (pipe->counted_by != footprint->count)
        footprint->files += ring_count_pages(&pipe->ring);
    pipe->counted_by = footprint->count;
}

static int reopen(struct file *file, struct file *made);

static const struct file_operations read_end_operations = {
    .read = read,
    .status = status,
    .ioctl = control,
    .poll = poll_read_end,
    .reopen = reopen,
    .footprint = pipe_add_footprint,
    .release = release_read_end,
};

static const struct file_operations write_end_operations = {
    .write = write,
    .status = status,
    .ioctl = control,
    .poll = poll_write_end,
    .reopen = reopen,
    .footprint = pipe_add_footprint,
    .release = release_write_end,
};

/* A FIFO that is opened for both. */
static const struct file_operations both_ends_operations = {
    .read = read,
    .write = write,
    .status = status,
    .ioctl = control,
    .poll = poll_both_ends,
    .reopen = reopen,
    .footprint = pipe_add_footprint,
    .release = release_both_ends,
};

/* One more end of either kind, whichever the file is; one for both directions is not to be had. */
static int reopen(struct file *file, struct file *made)
{
    struct pipe *pipe = file->state;
    bool is_read_end = (made->flags & O_ACCMODE) == O_RDONLY;

    if (!is_read_end && (made->flags & O_ACCMODE) != O_WRONLY)
        return -ENXIO;
    if (is_read_end)
        pipe->readers++;
    else
        pipe->writers++;
    made->operations = is_read_end ? &read_end_operations : &write_end_operations;
    made->state = pipe;
    return 0;
}

bool file_is_pipe(const struct file *file)
{
    return file->operations->reopen == reopen;
}

/* ---- Its size ---- */

uint32_t pipe_round_size(uint32_t size)
{
    uint32_t capacity = PAGE_SIZE;

    while (capacity && capacity < size)
        capacity *= 2;
    return capacity;
}

long pipe_set_size(struct file *file, uint32_t size)
{
    struct pipe *pipe = file->state;
    uint32_t capacity = pipe_round_size(size);
    int error;

    if (!capacity)
        return -EINVAL;
    if (capacity > pipe->ring.capacity && capacity > pipe_max_size && !task_may(CAP_SYS_RESOURCE))
        return -EPERM;
    error = ring_resize(&pipe->ring, capacity);
    if (error)
        return error;
    file_wake(&pipe->can_write);
    return capacity;
}

uint32_t pipe_size(const struct file *file)
{
    return ((struct pipe *)file->state)->ring.capacity;
}

/* ---- Making ---- */

/* A pipe without ends, or NULL. */
static struct pipe *create(void)
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
    struct pipe *pipe = create();

    if (!pipe)
        return -ENOMEM;
    *read_end = file_create(&read_end_operations, O_RDONLY | flags);
    *write_end = file_create(&write_end_operations, O_WRONLY | flags);
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

/* ---- FIFOs ---- */

/* The wait of one who opens an end: for one that opens the other, even if that is closed again. */
struct open_wait {
    const unsigned int *open;
    const uint64_t *ever;
    uint64_t before;
};

static bool is_opened(void *context)
{
    const struct open_wait *wait = context;

    return *wait->open || *wait->ever != wait->before;
}

static int open_read_end(struct pipe *pipe, struct file *file)
{
    struct open_wait wait = {&pipe->writers, &pipe->writers_ever, pipe->writers_ever};

    file->operations = &read_end_operations;
    file->offset = pipe->writers ? 0 : pipe->writers_ever;
    pipe->readers++;
    pipe->readers_ever++;
    file_wake(&pipe->can_write);
    return file->flags & O_NONBLOCK ? 0 : wait_event(&pipe->can_read, is_opened, &wait);
}

static int open_write_end(struct pipe *pipe, struct file *file)
{
    struct open_wait wait = {&pipe->readers, &pipe->readers_ever, pipe->readers_ever};

    file->operations = &write_end_operations;
    pipe->writers++;
    pipe->writers_ever++;
    file_wake(&pipe->can_read);
    return wait_event(&pipe->can_write, is_opened, &wait);
}

static int open_both_ends(struct pipe *pipe, struct file *file)
{
    file->operations = &both_ends_operations;
    pipe->readers++;
    pipe->readers_ever++;
    pipe->writers++;
    pipe->writers_ever++;
    file_wake(&pipe->can_read);
    file_wake(&pipe->can_write);
    return 0;
}

/* A wait that fails leaves an open file, whose release undoes the opening. */
int pipe_open(struct pipe **place, struct file *file)
{
    unsigned int mode = file->flags & O_ACCMODE;

    if (mode == O_ACCMODE) /* neither reads nor writes: opens a device for its ioctls */
        return -EINVAL;
    if (mode == O_WRONLY && (file->flags & O_NONBLOCK) && (!*place || !(*place)->readers))
        return -ENXIO;
    if (!*place) {
        *place = create();
        if (!*place)
            return -ENOMEM;
        (*place)->place = place;
    }
    file->state = *place;
    if (mode == O_RDONLY)
        return open_read_end(*place, file);
    return mode == O_WRONLY ? open_write_end(*place, file) : open_both_ends(*place, file);
}

/* ---- System calls ---- */

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
