// SPDX-License-Identifier: MIT
/* The events of an epoll file, and its system calls. */
#include "fs/event/epoll.h"

#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/poll.h>

#include "arch/device/clock.h"
#include "arch/mmu/usercopy.h"
#include "fs/event/poll_set.h"
#include "fs/open/anonymous.h"
#include "fs/open/open.h"
#include "kernel/call/syscall.h"
#include "kernel/task/task.h"
#include "mm/object/footprint.h"
#include "mm/page/slab.h"

#define EVENTS_MAX (INT32_MAX / (int)sizeof(struct epoll_event))
#define ALWAYS     (POLLERR | POLLHUP)
/* What is no event, but says how events are told. EPOLLEXCLUSIVE and EPOLLWAKEUP change nothing. */
#define MODES (EPOLLET | EPOLLONESHOT | EPOLLEXCLUSIVE | EPOLLWAKEUP)

/* ---- events ---- */

/* What is to be told of an entry now. */
static unsigned int events_of(struct epoll_entry *entry)
{
    struct file *file = entry->file;
    unsigned int wanted = entry->event.events & ~MODES;
    unsigned int ready = wanted ? file->operations->poll(file) & (wanted | ALWAYS) : 0;

    entry->told &= ready;
    if (ready == entry->told && (entry->event.events & EPOLLET) &&
        entry->told_at_wake == file_wakes)
        return 0;
    return ready;
}

static bool has_events(void *context)
{
    struct epoll *epoll = context;
    struct epoll_entry *entry;

    TAILQ_FOREACH (entry, &epoll->entries, link)
        if (events_of(entry))
            return true;
    return false;
}

static unsigned int poll(struct file *file)
{
    return has_events(file->state) ? POLLIN | POLLRDNORM : 0;
}

/* Those that were told go to the end, so that the others have their turn. */
static void note_told(struct epoll_entry *entry, unsigned int events)
{
    entry->told = events;
    entry->told_at_wake = file_wakes;
    if (entry->event.events & EPOLLONESHOT)
        entry->event.events &= MODES;
    TAILQ_REMOVE(&entry->epoll->entries, entry, link);
    TAILQ_INSERT_TAIL(&entry->epoll->entries, entry, link);
}

/* Copies events to user space: how many, or -EFAULT. */
static long tell(struct epoll *epoll, uintptr_t user, int room)
{
    struct epoll_entry *last = TAILQ_LAST(&epoll->entries, epoll_entries);
    struct epoll_entry *entry = TAILQ_FIRST(&epoll->entries), *next;
    int count = 0;

    for (; entry && count < room; entry = next) {
        struct epoll_event event = {.events = events_of(entry), .data = entry->event.data};
        next = entry == last ? NULL : TAILQ_NEXT(entry, link);
        if (!event.events)
            continue;
        if (copy_to_user(user + (size_t)count * sizeof(event), &event, sizeof(event)))
            return count ? count : -EFAULT;
        note_told(entry, event.events);
        count++;
    }
    return count;
}

static long wait_for_events(struct epoll *epoll, uintptr_t user, int room, uint64_t limit)
{
    uint64_t start = clock_monotonic_ns();
    bool is_limited = limit < POLL_FOREVER - start;
    long result = tell(epoll, user, room);

    while (!result && limit) {
        int error = is_limited ? wait_event_until(&file_events, has_events, epoll, start + limit)
                               : wait_event(&file_events, has_events, epoll);
        if (error)
            return error == -ETIMEDOUT ? 0 : -EINTR;
        result = tell(epoll, user, room);
    }
    return result;
}

/* ---- the file, and the system calls ---- */

static void release(struct file *file)
{
    struct epoll *epoll = file->state;
    struct epoll_entry *entry;

    while ((entry = TAILQ_FIRST(&epoll->entries)))
        epoll_remove(entry);
    kfree(epoll);
}

/* As many entries as one likes may be made with few descriptors, so they count. */
static void add_footprint(struct file *file, struct footprint *footprint)
{
    struct epoll *epoll = file->state;

    if (epoll->counted_by != footprint->count)
        footprint->files += epoll->count * sizeof(struct epoll_entry) / PAGE_SIZE;
    epoll->counted_by = footprint->count;
}

const struct file_operations epoll_operations = {
    .footprint = add_footprint,
    .status = anonymous_status,
    .poll = poll,
    .release = release,
};

static long create(unsigned int flags)
{
    struct epoll *epoll = kzalloc(sizeof(*epoll));

    if (epoll)
        TAILQ_INIT(&epoll->entries);
    return anonymous_open(&epoll_operations, epoll, flags);
}

SYSCALL1(epoll_create, int, size)
{
    return size > 0 ? create(0) : -EINVAL;
}

SYSCALL1(epoll_create1, unsigned int, flags)
{
    return flags & ~EPOLL_CLOEXEC ? -EINVAL : create(flags);
}

SYSCALL4(epoll_ctl, int, epoll_fd, int, operation, int, fd, uintptr_t, user_event)
{
    struct epoll_event event = {0};
    struct file *epoll_file, *file;
    long result = -EBADF;

    if (operation != EPOLL_CTL_DEL && copy_from_user(&event, user_event, sizeof(event)))
        return -EFAULT;
    epoll_file = fd_get(epoll_fd);
    file = fd_get(fd);
    if (epoll_file && file)
        result = epoll_change(epoll_file, operation, file, fd, &event);
    if (file)
        file_put(file);
    if (epoll_file)
        file_put(epoll_file);
    return result;
}

static long epoll_wait_for(int epoll_fd, uintptr_t user, int room, uint64_t limit)
{
    struct file *file;
    long result;

    if (room <= 0 || room > EVENTS_MAX)
        return -EINVAL;
    result = anonymous_get(epoll_fd, &epoll_operations, -EINVAL, &file);
    if (result)
        return result;
    result = wait_for_events(file->state, user, room, limit);
    file_put(file);
    return result;
}

/* The same under another signal mask, which stays until the signal that interrupts is delivered. */
static long epoll_wait_masked(int epoll_fd, uintptr_t user, int room, uint64_t limit,
                              uintptr_t mask, size_t mask_size)
{
    long result = poll_change_mask(mask, mask_size);

    if (result)
        return result;
    result = epoll_wait_for(epoll_fd, user, room, limit);
    poll_change_mask_back(result == -EINTR ? -ERESTARTNOHAND : result);
    return result;
}

static uint64_t limit_from_milliseconds(int timeout)
{
    return timeout < 0 ? POLL_FOREVER : (unsigned int)timeout * NS_PER_MILLISECOND;
}

SYSCALL4(epoll_wait, int, epoll_fd, uintptr_t, events, int, room, int, timeout)
{
    return epoll_wait_for(epoll_fd, events, room, limit_from_milliseconds(timeout));
}

SYSCALL6(epoll_pwait, int, epoll_fd, uintptr_t, events, int, room, int, timeout, uintptr_t, mask,
         size_t, mask_size)
{
    return epoll_wait_masked(epoll_fd, events, room, limit_from_milliseconds(timeout), mask,
                             mask_size);
}

SYSCALL6(epoll_pwait2, int, epoll_fd, uintptr_t, events, int, room, uintptr_t, timeout, uintptr_t,
         mask, size_t, mask_size)
{
    uint64_t limit;
    long error = limit_from_timespec(timeout, &limit);

    return error ? error : epoll_wait_masked(epoll_fd, events, room, limit, mask, mask_size);
}
