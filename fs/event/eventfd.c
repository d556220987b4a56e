// SPDX-License-Identifier: MIT
/*
 * eventfd: a counter as a file. A write adds to it, a read takes all of it, or 1 of a semaphore.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/poll.h>

#include "fs/open/anonymous.h"
#include "kernel/call/syscall.h"
#include "mm/page/slab.h"

#define EFD_SEMAPHORE 1u /* no header of uapi has it in Linux 6.1 */
#define COUNT_MAX     (UINT64_MAX - 1)

struct event {
    uint64_t count;
    bool is_semaphore;
    struct wait_queue waiters;
};

/* A wait for room for that many. */
struct event_wait {
    const struct event *event;
    uint64_t room;
};

static bool has_count(void *context)
{
    return ((const struct event *)context)->count;
}

static bool has_room(void *context)
{
    const struct event_wait *wait = context;

    return COUNT_MAX - wait->event->count >= wait->room;
}

static long read(struct file *file, struct io_iter *to, uint64_t *offset)
{
    struct event *event = file->state;
    uint64_t value;

    (void)offset;
    if (to->remaining < sizeof(value))
        return -EINVAL;
    while (!event->count) {
        long error =
            file->flags & O_NONBLOCK ? -EAGAIN : wait_event(&event->waiters, has_count, event);
        if (error)
            return error;
    }
    value = event->is_semaphore ? 1 : event->count;
    event->count -= value;
    file_wake(&event->waiters);
    return io_iter_put(to, &value, sizeof(value)) < sizeof(value) ? -EFAULT : (long)sizeof(value);
}

static long write(struct file *file, struct io_iter *from, uint64_t *offset)
{
    struct event *event = file->state;
    struct event_wait wait = {.event = event};

    (void)offset;
    if (from->remaining != sizeof(wait.room))
        return -EINVAL;
    if (io_iter_take(from, &wait.room, sizeof(wait.room)) < sizeof(wait.room))
        return -EFAULT;
    if (wait.room > COUNT_MAX)
        return -EINVAL;
    while (!has_room(&wait)) {
        long error =
            file->flags & O_NONBLOCK ? -EAGAIN : wait_event(&event->waiters, has_room, &wait);
        if (error)
            return error;
    }
    event->count += wait.room;
    file_wake(&event->waiters);
    return sizeof(wait.room);
}

static unsigned int poll(struct file *file)
{
    const struct event *event = file->state;

    return (event->count ? POLLIN : 0) | (event->count < COUNT_MAX ? POLLOUT : 0);
}

static void release(struct file *file)
{
    kfree(file->state);
}

static const struct file_operations event_operations = {
    .read = read,
    .write = write,
    .status = anonymous_status,
    .poll = poll,
    .release = release,
};

static long create(unsigned int count, unsigned int flags)
{
    struct event *event;

    if (flags & ~(O_CLOEXEC | O_NONBLOCK | EFD_SEMAPHORE))
        return -EINVAL;
    event = kzalloc(sizeof(*event));
    if (event) {
        event->count = count;
        event->is_semaphore = flags & EFD_SEMAPHORE;
        wait_queue_init(&event->waiters);
    }
    return anonymous_open(&event_operations, event, flags);
}

SYSCALL1(eventfd, unsigned int, count)
{
    return create(count, 0);
}

SYSCALL2(eventfd2, unsigned int, count, unsigned int, flags)
{
    return create(count, flags);
}
