// SPDX-License-Identifier: MIT
/*
 * epoll: a list of files to wait for, as a file.
 *
 * An entry refers to its file without a reference and goes away with it (struct file_watch). Each
 * wait asks the files anew, as poll() does. What EPOLLET needs to know, whether something has
 * happened since an event was told, is known of all files together only: so an edge may be told
 * again although it was another file's, but never missed.
 *
 * An epoll file may be in another one's list, and no deeper: then nobody walks in circles.
 */
#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/poll.h>
#include <linux/eventpoll.h>

#include "arch/clock.h"
#include "arch/types.h"
#include "arch/usercopy.h"
#include "fs/anonymous.h"
#include "fs/open.h"
#include "fs/poll_set.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "mm/footprint.h"
#include "mm/slab.h"

#define MILLISECONDS 1000000ul /* in nanoseconds */
#define EVENTS_MAX   (INT32_MAX / (int)sizeof(struct epoll_event))
#define ALWAYS       (POLLERR | POLLHUP)
/* What is no event, but says how events are told. EPOLLEXCLUSIVE and EPOLLWAKEUP change nothing. */
#define MODES (EPOLLET | EPOLLONESHOT | EPOLLEXCLUSIVE | EPOLLWAKEUP)

struct entry {
    struct file_watch watch;
    TAILQ_ENTRY(entry) link;
    struct epoll *epoll;
    int fd;
    struct epoll_event event;
    unsigned int told;     /* EPOLLET: what was ready when it was asked last and told */
    uint64_t told_at_wake; /* file_wakes then */
};

struct epoll {
    TAILQ_HEAD(entries_head, entry) entries;
    uint64_t count;
    unsigned int nested; /* entries that are epoll files */
    uint64_t counted_by; /* the footprint that has counted it */
};

static const struct file_operations epoll_operations;

/* ---- The list ---- */

static void remove_entry(struct entry *entry)
{
    LIST_REMOVE(&entry->watch, link);
    TAILQ_REMOVE(&entry->epoll->entries, entry, link);
    if (entry->watch.file->operations == &epoll_operations)
        entry->epoll->nested--;
    entry->epoll->count--;
    kfree(entry);
}

/* The file's last descriptor was closed. */
static void forget(struct file_watch *watch)
{
    remove_entry(container_of(watch, struct entry, watch));
}

static struct entry *find_entry(struct epoll *epoll, const struct file *file, int fd)
{
    struct entry *entry;

    TAILQ_FOREACH (entry, &epoll->entries, link)
        if (entry->fd == fd && entry->watch.file == file)
            return entry;
    return NULL;
}

static void set_event(struct entry *entry, const struct epoll_event *event)
{
    entry->event = *event;
    entry->told = 0;
    wake_all(&file_events);
}

static long add_entry(struct file *epoll_file, struct file *file, int fd,
                      const struct epoll_event *event)
{
    struct epoll *epoll = epoll_file->state;
    bool is_epoll = file->operations == &epoll_operations;
    struct entry *entry;

    if (is_epoll && (((struct epoll *)file->state)->nested || !LIST_EMPTY(&epoll_file->watches)))
        return -ELOOP;
    entry = kzalloc(sizeof(*entry));
    if (!entry)
        return -ENOMEM;
    entry->watch.file = file;
    entry->watch.forget = forget;
    entry->epoll = epoll;
    entry->fd = fd;
    LIST_INSERT_HEAD(&file->watches, &entry->watch, link);
    TAILQ_INSERT_TAIL(&epoll->entries, entry, link);
    epoll->nested += is_epoll;
    epoll->count++;
    set_event(entry, event);
    return 0;
}

/* Who is to be woken alone is so from the start, and for the plain events. */
static bool is_exclusive_sound(int operation, uint32_t events)
{
    const uint32_t allowed =
        EPOLLEXCLUSIVE | EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET;

    return !(events & EPOLLEXCLUSIVE) || (operation == EPOLL_CTL_ADD && !(events & ~allowed));
}

static long change_list(struct file *epoll_file, int operation, struct file *file, int fd,
                        const struct epoll_event *event)
{
    struct entry *entry;

    if (!file->operations->poll)
        return -EPERM;
    if (epoll_file == file || epoll_file->operations != &epoll_operations)
        return -EINVAL;
    if (operation != EPOLL_CTL_DEL && !is_exclusive_sound(operation, event->events))
        return -EINVAL;
    entry = find_entry(epoll_file->state, file, fd);
    switch (operation) {
    case EPOLL_CTL_ADD:
        return entry ? -EEXIST : add_entry(epoll_file, file, fd, event);
    case EPOLL_CTL_MOD:
        if (entry && (entry->event.events & EPOLLEXCLUSIVE))
            return -EINVAL;
        if (entry)
            set_event(entry, event);
        return entry ? 0 : -ENOENT;
    case EPOLL_CTL_DEL:
        if (entry)
            remove_entry(entry);
        return entry ? 0 : -ENOENT;
    default:
        return -EINVAL;
    }
}

/* ---- Events ---- */

/* What is to be told of an entry now. */
static unsigned int events_of(struct entry *entry)
{
    struct file *file = entry->watch.file;
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
    struct entry *entry;

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
static void note_told(struct entry *entry, unsigned int events)
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
    struct entry *last = TAILQ_LAST(&epoll->entries, entries_head);
    struct entry *entry = TAILQ_FIRST(&epoll->entries), *next;
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

/* ---- The file, and the system calls ---- */

static void release(struct file *file)
{
    struct epoll *epoll = file->state;
    struct entry *entry;

    while ((entry = TAILQ_FIRST(&epoll->entries)))
        remove_entry(entry);
    kfree(epoll);
}

/* As many entries as one likes may be made with few descriptors, so they count. */
static void add_footprint(struct file *file, struct footprint *footprint)
{
    struct epoll *epoll = file->state;

    if (epoll->counted_by != footprint->count)
        footprint->files += epoll->count * sizeof(struct entry) / PAGE_SIZE;
    epoll->counted_by = footprint->count;
}

static const struct file_operations epoll_operations = {
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
        result = change_list(epoll_file, operation, file, fd, &event);
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
    return timeout < 0 ? POLL_FOREVER : (unsigned int)timeout * MILLISECONDS;
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
