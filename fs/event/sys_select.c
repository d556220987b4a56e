// SPDX-License-Identifier: MIT
/*
 * select and pselect6.
 */
#include <stdbool.h>

#include <asm/errno.h>

#include "arch/device/clock.h"
#include "arch/mmu/usercopy.h"
#include "fs/event/poll_set.h"
#include "fs/open/open.h"
#include "kernel/call/syscall.h"
#include "kernel/file/file.h"
#include "mm/page/slab.h"

#define POLL_READABLE (POLLIN | POLLRDNORM | POLLRDBAND)
#define POLL_WRITABLE (POLLOUT | POLLWRNORM | POLLWRBAND)

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
    for (unsigned int set = 0; set < SELECT_SETS; set++) {
        uint64_t *bits = select->bits[set];

        if (!select->user[set])
            continue;
        if (copy_from_user(bits, select->user[set], set_size(select)))
            return -EFAULT;
        if (select->count % 64) /* what lies behind comes back as 0 */
            bits[select->count / 64] &= (1ul << select->count % 64) - 1;
    }
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
        result = poll_wait(files, limit);
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
    limit_to_timeval(timeout, limit_left(limit, start));
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
        result = poll_change_mask(mask[0], mask[1]);
    if (result)
        return result;
    result = select_descriptors(count, sets, limit);
    poll_change_mask_back(result);
    limit_to_timespec(timeout, limit_left(limit, start));
    return result;
}
