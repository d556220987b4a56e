// SPDX-License-Identifier: MIT
/* The list of files that an epoll file is. */
#include "fs/event/epoll.h"

#include <asm/errno.h>

#include "fs/event/poll_set.h"
#include "kernel/task/state.h"
#include "mm/page/slab.h"

LIST_HEAD(epoll_watches, epoll_entry);
FILE_STATE(struct epoll_watches, epoll_watches); /* lock: kernel; entries that refer to it */

void epoll_remove(struct epoll_entry *entry)
{
    LIST_REMOVE(entry, of_file);
    TAILQ_REMOVE(&entry->epoll->entries, entry, link);
    if (entry->file->operations == &epoll_operations)
        entry->epoll->nested--;
    entry->epoll->count--;
    kfree(entry);
}

/* The file's last descriptor was closed. */
static void forget(struct file *file, const void *owner)
{
    struct epoll_entry *entry;

    if (owner == file)
        while ((entry = LIST_FIRST(file_state(file, epoll_watches))))
            epoll_remove(entry);
}
ATTACH(file_is_released, forget);

static struct epoll_entry *find_entry(struct epoll *epoll, const struct file *file, int fd)
{
    struct epoll_entry *entry;

    TAILQ_FOREACH (entry, &epoll->entries, link)
        if (entry->fd == fd && entry->file == file)
            return entry;
    return NULL;
}

static void set_event(struct epoll_entry *entry, const struct epoll_event *event)
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
    struct epoll_entry *entry;

    if (is_epoll && (((struct epoll *)file->state)->nested ||
                     !LIST_EMPTY(file_state(epoll_file, epoll_watches))))
        return -ELOOP;
    entry = kzalloc(sizeof(*entry));
    if (!entry)
        return -ENOMEM;
    entry->file = file;
    entry->epoll = epoll;
    entry->fd = fd;
    LIST_INSERT_HEAD(file_state(file, epoll_watches), entry, of_file);
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

long epoll_change(struct file *epoll_file, int operation, struct file *file, int fd,
                  const struct epoll_event *event)
{
    struct epoll_entry *entry;

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
            epoll_remove(entry);
        return entry ? 0 : -ENOENT;
    default:
        return -EINVAL;
    }
}
