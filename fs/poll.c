// SPDX-License-Identifier: MIT
/*
 * poll, ppoll, select, pselect6: waiting for any of several files.
 *
 * Whoever makes a file ready wakes file_events; everyone who waits there then looks at his files
 * again. That costs more than a queue for each file would and needs no bookkeeping.
 */
#include <asm/errno.h>
#include <asm/poll.h>
#include <linux/posix_types.h>
#include <linux/time.h>
#include <linux/time_types.h>

#include "arch/clock.h"
#include "arch/usercopy.h"
#include "fs/open.h"
#include "kernel/file.h"
#include "kernel/sched.h"
#include "kernel/signal.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "mm/slab.h"

#define NANOSECONDS             1000000000ul
#define MILLISECONDS            1000000ul /* in nanoseconds */
#define MICROSECONDS_PER_SECOND 1000000
#define FOREVER                 UINT64_MAX

#define POLL_READABLE  (POLLIN | POLLRDNORM | POLLRDBAND)
#define POLL_WRITABLE  (POLLOUT | POLLWRNORM | POLLWRBAND)
#define POLL_ALWAYS    (POLLERR | POLLHUP) /* reported without being asked for */
#define POLL_NO_DEVICE (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM)

struct poll_item {
    struct file *file; /* with a reference; NULL: no such descriptor, or one to be left out */
    unsigned int events;
    unsigned int found;
};

struct poll_set {
    struct poll_item *items;
    unsigned int count;
    unsigned int ready; /* items that have found something */
};

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

/* Waits until a file is ready, or for so many nanoseconds. 0, or -ERESTARTNOHAND for a signal. */
static int wait_for_files(struct poll_set *set, uint64_t limit)
{
    uint64_t now = clock_monotonic_ns();
    int error;

    if (look_at_files(set) || limit == 0)
        return 0;
    if (limit >= FOREVER - now)
        error = wait_event(&file_events, look_at_files, set);
    else
        error = wait_event_until(&file_events, look_at_files, set, now + limit);
    return error == -ERESTARTSYS ? -ERESTARTNOHAND : 0;
}

static int poll_set_init(struct poll_set *set, unsigned int count)
{
    *set = (struct poll_set){.count = count};
    set->items = kzalloc(count ? count * sizeof(struct poll_item) : 1);
    return set->items ? 0 : -ENOMEM;
}

static void poll_set_free(struct poll_set *set)
{
    for (unsigned int i = 0; i < set->count; i++)
        if (set->items[i].file)
            file_put(set->items[i].file);
    kfree(set->items);
}

/* ---- Signal masks and time limits ----------------------------------------------------------- */

/* Blocks other signals for the time of the call; a mask of NULL leaves them. */
static int change_mask(uintptr_t user_mask, size_t size)
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
    state->blocked = mask & ~(signal_bit(SIGKILL) | signal_bit(SIGSTOP));
    current()->work |= WORK_SIGNAL;
    return 0;
}

/* A call that was interrupted leaves it to the signal's delivery. */
static void change_mask_back(long result)
{
    struct signal_state *state = &current()->signals;

    if (result == -ERESTARTNOHAND || !state->restore_blocked)
        return;
    state->blocked = state->saved_blocked;
    state->restore_blocked = false;
}

/* Seconds and a fraction of them as nanoseconds; too large is for ever. */
static int limit_from(int64_t seconds, int64_t fraction, int64_t per_second, uint64_t *limit)
{
    if (seconds < 0 || fraction < 0 || fraction >= per_second)
        return -EINVAL;
    *limit = FOREVER;
    if ((uint64_t)seconds < FOREVER / NANOSECONDS - 1)
        *limit = seconds * NANOSECONDS + fraction * (NANOSECONDS / per_second);
    return 0;
}

/* NULL is for ever. */
static int limit_from_timespec(uintptr_t user, uint64_t *limit)
{
    struct __kernel_timespec time;

    *limit = FOREVER;
    if (!user)
        return 0;
    if (copy_from_user(&time, user, sizeof(time)))
        return -EFAULT;
    return limit_from(time.tv_sec, time.tv_nsec, NANOSECONDS, limit);
}

static int limit_from_timeval(uintptr_t user, uint64_t *limit)
{
    struct __kernel_old_timeval time;

    *limit = FOREVER;
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

/* What is left of a limit; the calls tell it, and nobody is told of a bad address. */
static uint64_t limit_left(uint64_t limit, uint64_t start)
{
    uint64_t passed = clock_monotonic_ns() - start;

    return passed < limit ? limit - passed : 0;
}

static void put_timespec(uintptr_t user, uint64_t left)
{
    struct __kernel_timespec time = {left / NANOSECONDS, left % NANOSECONDS};

    if (user)
        copy_to_user(user, &time, sizeof(time));
}

static void put_timeval(uintptr_t user, uint64_t left)
{
    struct __kernel_old_timeval time = {left / NANOSECONDS, left % NANOSECONDS / 1000};

    if (user)
        copy_to_user(user, &time, sizeof(time));
}

/* ---- poll ----------------------------------------------------------------------------------- */

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
        result = wait_for_files(&set, limit);
        if (!result || set.ready)
            result = put_pollfds(&set, user);
    }
    kfree(fds);
    poll_set_free(&set);
    return result;
}

SYSCALL3(poll, uintptr_t, fds, unsigned int, count, int, timeout)
{
    return poll_descriptors(fds, count, timeout < 0 ? FOREVER : timeout * MILLISECONDS);
}

SYSCALL5(ppoll, uintptr_t, fds, unsigned int, count, uintptr_t, timeout, uintptr_t, mask, size_t,
         mask_size)
{
    uint64_t start = clock_monotonic_ns();
    uint64_t limit;
    long result = limit_from_timespec(timeout, &limit);

    if (!result)
        result = change_mask(mask, mask_size);
    if (result)
        return result;
    result = poll_descriptors(fds, count, limit);
    change_mask_back(result);
    put_timespec(timeout, limit_left(limit, start));
    return result;
}

/* ---- select --------------------------------------------------------------------------------- */

enum select_set {
    SELECT_READ,
    SELECT_WRITE,
    SELECT_EXCEPT,
    SELECT_SETS,
};

static const unsigned int select_events[SELECT_SETS] = {
    [SELECT_READ] = POLL_READABLE | POLLHUP | POLLERR | POLLNVAL,
    [SELECT_WRITE] = POLL_WRITABLE | POLLERR | POLLNVAL,
    [SELECT_EXCEPT] = POLLPRI | POLLNVAL,
};

struct select {
    unsigned int count; /* descriptors looked at */
    uint64_t bits[SELECT_SETS][FILES_MAX / 64];
    uintptr_t user[SELECT_SETS];
};

static size_t set_size(const struct select *select)
{
    return (select->count + 63) / 64 * sizeof(uint64_t);
}

static bool is_set(const struct select *select, enum select_set set, unsigned int fd)
{
    return select->bits[set][fd / 64] >> (fd % 64) & 1;
}

static int get_sets(struct select *select)
{
    for (unsigned int set = 0; set < SELECT_SETS; set++)
        if (select->user[set] &&
            copy_from_user(select->bits[set], select->user[set], set_size(select)))
            return -EFAULT;
    return 0;
}

static int put_sets(const struct select *select)
{
    for (unsigned int set = 0; set < SELECT_SETS; set++)
        if (select->user[set] &&
            copy_to_user(select->user[set], select->bits[set], set_size(select)))
            return -EFAULT;
    return 0;
}

/* One that was opened by O_PATH cannot be waited for, so it is found at once. */
static int take_descriptor(struct poll_item *item, int fd)
{
    struct file *file;

    item->file = fd_get(fd);
    if (item->file)
        return 0;
    item->found = POLLNVAL;
    file = fd_get_any(fd);
    if (!file)
        return -EBADF;
    file_put(file);
    return 0;
}

/* One item for each descriptor that is in a set. */
static int take_descriptors(const struct select *select, struct poll_set *files)
{
    for (unsigned int fd = 0; fd < select->count; fd++) {
        struct poll_item *item = &files->items[fd];

        for (unsigned int set = 0; set < SELECT_SETS; set++)
            if (is_set(select, set, fd))
                item->events |= select_events[set];
        if (item->events && take_descriptor(item, fd))
            return -EBADF;
    }
    return 0;
}

/* Leaves in the sets what was found, and counts it. */
static int leave_found(struct select *select, const struct poll_set *files)
{
    int count = 0;

    for (unsigned int fd = 0; fd < select->count; fd++) {
        for (unsigned int set = 0; set < SELECT_SETS; set++) {
            if (!is_set(select, set, fd))
                continue;
            if (files->items[fd].found & select_events[set])
                count++;
            else
                select->bits[set][fd / 64] &= ~(1ul << (fd % 64));
        }
    }
    return count;
}

static long select_among(struct select *select, struct poll_set *files, uint64_t limit)
{
    long result = get_sets(select);

    if (!result)
        result = take_descriptors(select, files);
    if (!result)
        result = wait_for_files(files, limit);
    if (result)
        return result;
    result = leave_found(select, files);
    return put_sets(select) ? -EFAULT : result;
}

static long select_descriptors(int count, const uintptr_t user[SELECT_SETS], uint64_t limit)
{
    struct select *select;
    struct poll_set files;
    long result = -ENOMEM;

    if (count < 0)
        return -EINVAL;
    if (count > FILES_MAX)
        count = FILES_MAX;
    if (poll_set_init(&files, count))
        return -ENOMEM;
    select = kzalloc(sizeof(*select));
    if (select) {
        select->count = count;
        for (unsigned int set = 0; set < SELECT_SETS; set++)
            select->user[set] = user[set];
        result = select_among(select, &files, limit);
    }
    kfree(select);
    poll_set_free(&files);
    return result;
}

SYSCALL5(select, int, count, uintptr_t, readable, uintptr_t, writable, uintptr_t, except, uintptr_t,
         timeout)
{
    const uintptr_t sets[SELECT_SETS] = {readable, writable, except};
    uint64_t start = clock_monotonic_ns();
    uint64_t limit;
    long result = limit_from_timeval(timeout, &limit);

    if (result)
        return result;
    result = select_descriptors(count, sets, limit);
    put_timeval(timeout, limit_left(limit, start));
    return result;
}

/* The sixth argument is a pointer to the mask's address and size. */
SYSCALL6(pselect6, int, count, uintptr_t, readable, uintptr_t, writable, uintptr_t, except,
         uintptr_t, timeout, uintptr_t, mask_argument)
{
    const uintptr_t sets[SELECT_SETS] = {readable, writable, except};
    uint64_t start = clock_monotonic_ns();
    uintptr_t mask[2] = {0, 0};
    uint64_t limit;
    long result;

    if (mask_argument && copy_from_user(mask, mask_argument, sizeof(mask)))
        return -EFAULT;
    result = limit_from_timespec(timeout, &limit);
    if (!result)
        result = change_mask(mask[0], mask[1]);
    if (result)
        return result;
    result = select_descriptors(count, sets, limit);
    change_mask_back(result);
    put_timespec(timeout, limit_left(limit, start));
    return result;
}
