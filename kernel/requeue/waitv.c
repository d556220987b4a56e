// SPDX-License-Identifier: MIT
/* futex_waitv(2): waiting for one of several futexes. */
#include <linux/futex.h>
#include <linux/time.h>

#include "arch/mmu/usercopy.h"
#include "kernel/call/syscall.h"
#include "kernel/futex/futex.h"
#include "kernel/task/wait_queue.h"
#include "kernel/time/time.h"
#include "mm/page/slab.h"

struct wait_vector {
    unsigned int count;
    struct futex_waitv words[FUTEX_WAITV_MAX];
    struct futex_waiter waiters[FUTEX_WAITV_MAX];
};

static int read_vector(struct wait_vector *vector, uintptr_t address)
{
    for (unsigned int i = 0; i < vector->count; i++) {
        struct futex_waitv *word = &vector->words[i];
        if (copy_from_user(word, address + i * sizeof(*word), sizeof(*word)))
            return -EFAULT;
        /* words of 32 bits alone; the other sizes that newer headers name are not to be had */
        if ((word->flags & ~FUTEX_PRIVATE_FLAG) != FUTEX_32 || word->__reserved ||
            word->val > UINT32_MAX)
            return -EINVAL;
    }
    return 0;
}

static int make_keys(struct wait_vector *vector)
{
    int error = 0;

    for (unsigned int i = 0; i < vector->count && !error; i++) {
        const struct futex_waitv *word = &vector->words[i];
        vector->waiters[i].bits = FUTEX_BITSET_MATCH_ANY;
        error = futex_key_make(word->uaddr, word->flags & FUTEX_PRIVATE_FLAG, false,
                               &vector->waiters[i].key);
    }
    return error;
}

/* The number of one of the first few that has been woken, or -1. */
static int leave_all(struct wait_vector *vector, unsigned int count)
{
    int woken = -1;

    for (unsigned int i = 0; i < count; i++)
        if (futex_leave(&vector->waiters[i]))
            woken = (int)i;
    return woken;
}

static bool one_was_woken(void *context)
{
    struct wait_vector *vector = context;

    for (unsigned int i = 0; i < vector->count; i++)
        if (futex_was_woken(&vector->waiters[i]))
            return true;
    return false;
}

/* A wake-up that comes while later words are still looked at is not lost. */
static int wait_for_one(struct wait_vector *vector, uint64_t deadline)
{
    unsigned int entered = 0;
    int error = 0;

    while (entered < vector->count && !error) {
        const struct futex_waitv *word = &vector->words[entered];
        error = futex_enter(&vector->waiters[entered], word->uaddr, (uint32_t)word->val);
        if (!error)
            entered++;
    }
    if (!error)
        error = wait_event_until(NULL, one_was_woken, vector, deadline);
    int woken = leave_all(vector, entered);
    return woken < 0 ? error : woken;
}

static int read_moment(uintptr_t timeout, int clock, uint64_t *deadline)
{
    uint64_t ns;

    *deadline = 0;
    if (!timeout)
        return 0;
    if (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME)
        return -EINVAL;
    int error = time_from_user(timeout, &ns);
    if (!error)
        *deadline = futex_deadline(ns, clock == CLOCK_REALTIME);
    return error;
}

PARALLEL_SYSCALL5(futex_waitv, uintptr_t, words, unsigned int, count, unsigned int, flags,
                  uintptr_t, timeout, int, clock)
{
    uint64_t deadline;

    if (flags || !count || count > FUTEX_WAITV_MAX || !words)
        return -EINVAL;
    int result = read_moment(timeout, clock, &deadline);
    if (result)
        return result;
    struct wait_vector *vector = kzalloc(sizeof(*vector));
    if (!vector)
        return -ENOMEM;
    vector->count = count;
    result = read_vector(vector, words);
    if (!result)
        result = make_keys(vector);
    if (!result)
        result = wait_for_one(vector, deadline);
    kfree(vector);
    return result;
}
