// SPDX-License-Identifier: MIT
/*
 * poll and ppoll.
 */
#include <asm/errno.h>
#include <asm/poll.h>

#include "arch/device/clock.h"
#include "arch/mmu/usercopy.h"
#include "fs/event/poll_set.h"
#include "fs/open/open.h"
#include "kernel/call/syscall.h"
#include "kernel/file/file.h"
#include "kernel/task/kernel_lock.h"
#include "kernel/task/task.h"
#include "mm/page/slab.h"

#define POLL_ALWAYS (POLLERR | POLLHUP) /* reported without being asked for */

static void take_pollfds(struct poll_set *set, struct pollfd *fds)
{
    for (unsigned int i = 0; i < set->count; i++) {
        struct poll_item *item = &set->items[i];

        if (fds[i].fd < 0)
            continue;
        item->file = fd_get(fds[i].fd);
        item->events = (uint16_t)fds[i].events | POLL_ALWAYS;
        if (!item->file)
            item->found = POLLNVAL;
    }
}

/* As Linux, only revents is written, item by item. */
static long put_pollfds(const struct poll_set *set, uintptr_t user)
{
    for (unsigned int i = 0; i < set->count; i++) {
        short found = set->items[i].found;

        user += sizeof(struct pollfd);
        if (copy_to_user(user - sizeof(found), &found, sizeof(found)))
            return -EFAULT;
    }
    return set->ready;
}

static long poll_descriptors(uintptr_t user, unsigned int count, uint64_t limit)
{
    struct pollfd *fds;
    struct poll_set set;
    long result;

    if (count > FILES_MAX)
        return -EINVAL;
    if (poll_set_init(&set, count))
        return -ENOMEM;
    fds = kmalloc(count ? count * sizeof(*fds) : 1);
    if (!fds)
        result = -ENOMEM;
    else if (copy_from_user(fds, user, count * sizeof(*fds)))
        result = -EFAULT;
    else
        result = 0;
    if (!result) {
        take_pollfds(&set, fds);
        result = poll_wait(&set, limit);
        if (!result || set.ready)
            result = put_pollfds(&set, user);
    }
    kfree(fds);
    poll_set_free(&set);
    return result;
}

static long resume_poll(const struct restart *restart);

/* limit: in nanoseconds from now. An interrupted one that goes on ends when it would have ended. */
static long poll_resumably(uintptr_t fds, unsigned int count, uint64_t limit)
{
    uint64_t now = clock_monotonic_ns();
    long result = poll_descriptors(fds, count, limit);

    if (result != -ERESTARTNOHAND)
        return result;
    current()->restart = (struct restart){
        .resume = resume_poll,
        .deadline = limit == POLL_FOREVER ? POLL_FOREVER : now + limit,
        .arguments = {fds, count},
    };
    return -ERESTART_BLOCK;
}

static long resume_poll(const struct restart *restart)
{
    uint64_t now = clock_monotonic_ns();
    uint64_t limit = restart->deadline > now ? restart->deadline - now : 0;

    if (restart->deadline == POLL_FOREVER)
        limit = POLL_FOREVER;
    kernel_lock();
    long result = poll_resumably(restart->arguments[0], (unsigned int)restart->arguments[1], limit);
    kernel_unlock();
    return result;
}

SYSCALL3(poll, uintptr_t, fds, unsigned int, count, int, timeout)
{
    return poll_resumably(fds, count, timeout < 0 ? POLL_FOREVER : timeout * NS_PER_MILLISECOND);
}

SYSCALL5(ppoll, uintptr_t, fds, unsigned int, count, uintptr_t, timeout, uintptr_t, mask, size_t,
         mask_size)
{
    uint64_t start = clock_monotonic_ns();
    uint64_t limit;
    long result = limit_from_timespec(timeout, &limit);

    if (!result)
        result = poll_change_mask(mask, mask_size);
    if (result)
        return result;
    result = poll_descriptors(fds, count, limit);
    poll_change_mask_back(result);
    limit_to_timespec(timeout, limit_left(limit, start));
    return result;
}
