// SPDX-License-Identifier: MIT
/*
 * Waiting for any of several files.
 */
#include "fs/event/poll_set.h"

#include <stdbool.h>

#include <asm/errno.h>
#include <linux/time.h>
#include <linux/time_types.h>

#include "arch/device/clock.h"
#include "arch/mmu/usercopy.h"
#include "kernel/call/syscall.h"
#include "kernel/file/file.h"
#include "kernel/signal/signal.h"
#include "kernel/task/task.h"
#include "kernel/task/wait_queue.h"
#include "mm/page/slab.h"

#define MICROSECONDS_PER_SECOND 1000000

/* Of a file that has no poll operation. */
#define POLL_NO_DEVICE (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM)

static bool look_at_files(void *context)
{
    struct poll_set *set = context;

    set->ready = 0;
    for (unsigned int i = 0; i < set->count; i++) {
        struct poll_item *item = &set->items[i];

        if (item->file) {
            unsigned int (*poll)(struct file * file) = item->file->operations->poll;

            item->found = (poll ? poll(item->file) : POLL_NO_DEVICE) & item->events;
        }
        set->ready += item->found != 0;
    }
    return set->ready;
}

int poll_wait(struct poll_set *set, uint64_t limit)
{
    uint64_t now = clock_monotonic_ns();
    int error;

    if (look_at_files(set) || limit == 0)
        return 0;
    if (limit >= POLL_FOREVER - now)
        error = wait_event(&file_events, look_at_files, set);
    else
        error = wait_event_until(&file_events, look_at_files, set, now + limit);
    return error == -ERESTARTSYS ? -ERESTARTNOHAND : 0;
}

int poll_set_init(struct poll_set *set, unsigned int count)
{
    *set = (struct poll_set){.count = count};
    set->items = kzalloc(count ? count * sizeof(struct poll_item) : 1);
    return set->items ? 0 : -ENOMEM;
}

void poll_set_free(struct poll_set *set)
{
    for (unsigned int i = 0; i < set->count; i++)
        if (set->items[i].file)
            file_put(set->items[i].file);
    kfree(set->items);
}

/* ---- signal masks and time limits ---- */

int poll_change_mask(uintptr_t user_mask, size_t size)
{
    struct signal_state *state = &current()->signals;
    signal_set_t mask;

    if (!user_mask)
        return 0;
    if (size != sizeof(mask))
        return -EINVAL;
    if (copy_from_user(&mask, user_mask, sizeof(mask)))
        return -EFAULT;
    state->saved_blocked = state->blocked;
    state->restore_blocked = true;
    signal_set_blocked(mask);
    return 0;
}

void poll_change_mask_back(long result)
{
    struct signal_state *state = &current()->signals;

    if (result == -ERESTARTNOHAND || !state->restore_blocked)
        return;
    state->restore_blocked = false;
    signal_set_blocked(state->saved_blocked);
}

/* Seconds and a fraction of them as nanoseconds; too large is for ever. */
static int limit_from(int64_t seconds, int64_t fraction, int64_t per_second, uint64_t *limit)
{
    if (seconds < 0 || fraction < 0 || fraction >= per_second)
        return -EINVAL;
    *limit = POLL_FOREVER;
    if ((uint64_t)seconds < POLL_FOREVER / NS_PER_SECOND - 1)
        *limit = seconds * NS_PER_SECOND + fraction * (NS_PER_SECOND / per_second);
    return 0;
}

int limit_from_timespec(uintptr_t user, uint64_t *limit)
{
    struct __kernel_timespec time;

    *limit = POLL_FOREVER;
    if (!user)
        return 0;
    if (copy_from_user(&time, user, sizeof(time)))
        return -EFAULT;
    return limit_from(time.tv_sec, time.tv_nsec, NS_PER_SECOND, limit);
}

int limit_from_timeval(uintptr_t user, uint64_t *limit)
{
    struct __kernel_old_timeval time;

    *limit = POLL_FOREVER;
    if (!user)
        return 0;
    if (copy_from_user(&time, user, sizeof(time)))
        return -EFAULT;
    /* select() takes more than a second of microseconds. */
    if (time.tv_usec >= MICROSECONDS_PER_SECOND) {
        time.tv_sec += time.tv_usec / MICROSECONDS_PER_SECOND;
        time.tv_usec %= MICROSECONDS_PER_SECOND;
    }
    return limit_from(time.tv_sec, time.tv_usec, MICROSECONDS_PER_SECOND, limit);
}

uint64_t limit_left(uint64_t limit, uint64_t start)
{
    uint64_t passed = clock_monotonic_ns() - start;

    return passed < limit ? limit - passed : 0;
}

void limit_to_timespec(uintptr_t user, uint64_t left)
{
    struct __kernel_timespec time = {left / NS_PER_SECOND, left % NS_PER_SECOND};

    if (user)
        copy_to_user(user, &time, sizeof(time));
}

void limit_to_timeval(uintptr_t user, uint64_t left)
{
    struct __kernel_old_timeval time = {left / NS_PER_SECOND, left % NS_PER_SECOND / 1000};

    if (user)
        copy_to_user(user, &time, sizeof(time));
}
