// SPDX-License-Identifier: MIT
/*
 * futex(2): waiting on a word of user memory, without priority inheritance.
 *
 * What is here is the call: arguments, times and interrupted waits. kernel/futex_key.h says which
 * futex a word is, and kernel/futex_queue.h who waits for it. Nothing here needs the kernel lock.
 */
#include "kernel/futex.h"

#include <linux/futex.h>
#include <linux/time.h>

#include "arch/clock.h"
#include "arch/usercopy.h"
#include "kernel/futex_queue.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/time.h"
#include "kernel/wait_queue.h"
#include "mm/slab.h"

static bool is_private(int operation)
{
    return operation & FUTEX_PRIVATE_FLAG;
}

/* ---- waiting ---- */

static bool was_woken(void *context)
{
    const struct futex_waiter *waiter = context;

    return __atomic_load_n(&waiter->woken, __ATOMIC_ACQUIRE);
}

/* deadline: in clock_monotonic_ns(), or 0 for none. */
static int wait(struct futex_waiter *waiter, uintptr_t address, uint32_t value, uint64_t deadline)
{
    int error = futex_enter(waiter, address, value);

    if (error)
        return error;
    error = wait_event_until(NULL, was_woken, waiter, deadline);
    return futex_leave(waiter) ? 0 : error;
}

static long resume_wait(const struct restart *restart);

static long futex_wait(uintptr_t address, int operation, uint32_t value, uint32_t bits,
                       uint64_t deadline)
{
    struct futex_waiter waiter = {.bits = bits};

    if (!bits)
        return -EINVAL;
    int error = futex_key_make(address, is_private(operation), false, &waiter.key);
    if (!error)
        error = wait(&waiter, address, value, deadline);
    if (error != -ERESTARTSYS || !deadline)
        return error;
    current()->restart = (struct restart){
        .resume = resume_wait,
        .deadline = deadline,
        .futex = {address, operation, value, bits},
    };
    return -ERESTART_BLOCK;
}

static long resume_wait(const struct restart *restart)
{
    return futex_wait(restart->futex.address, restart->futex.operation, restart->futex.value,
                      restart->futex.bits, restart->deadline);
}

/* ---- waking ---- */

static long futex_wake(uintptr_t address, int operation, int count, uint32_t bits)
{
    struct futex_key key;

    if (!bits)
        return -EINVAL;
    int error = futex_key_make(address, is_private(operation), false, &key);
    return error ? error : futex_wake_key(&key, count, bits);
}

void futex_wake_one(uintptr_t address)
{
    futex_wake(address, FUTEX_WAKE, 1, FUTEX_BITSET_MATCH_ANY);
}

static long futex_requeue(uintptr_t address, uintptr_t second, int operation, int count, int more,
                          const uint32_t *expected)
{
    const struct futex_condition condition = {address, expected};
    struct futex_key from, to;

    if (count < 0 || more < 0)
        return -EINVAL;
    int error = futex_key_make(address, is_private(operation), false, &from);
    if (!error)
        error = futex_key_make(second, is_private(operation), false, &to);
    return error ? error : futex_requeue_key(&from, &to, count, more, &condition);
}

static long futex_wake_op(uintptr_t address, uintptr_t second, int operation, int count, int more,
                          uint32_t encoded)
{
    struct futex_key first, other;
    int error = futex_key_make(address, is_private(operation), false, &first);

    if (!error)
        error = futex_key_make(second, is_private(operation), true, &other);
    return error ? error : futex_wake_op_key(&first, &other, second, count, more, encoded);
}

/* ---- futex ---- */

/* A deadline of 0 would be none. */
static uint64_t moment(uint64_t ns)
{
    return ns ? ns : 1;
}

/* The moment that a wait ends by itself: FUTEX_WAIT's time is from now, FUTEX_WAIT_BITSET's not. */
static int read_deadline(int operation, uintptr_t timeout, uint64_t *deadline)
{
    int command = operation & FUTEX_CMD_MASK;
    uint64_t ns;

    *deadline = 0;
    if (!timeout || (command != FUTEX_WAIT && command != FUTEX_WAIT_BITSET))
        return 0;
    int error = time_from_user(timeout, &ns);
    if (error)
        return error;
    if (command == FUTEX_WAIT)
        ns += clock_monotonic_ns();
    else if (operation & FUTEX_CLOCK_REALTIME)
        ns = time_realtime_to_monotonic(ns);
    *deadline = moment(ns);
    return 0;
}

PARALLEL_SYSCALL6(futex, uintptr_t, address, int, operation, uint32_t, value, uintptr_t, timeout,
                  uintptr_t, second, uint32_t, value3)
{
    int command = operation & FUTEX_CMD_MASK;
    int count = (int)value;
    int more = (int)timeout; /* what a call without a time has in its place */
    uint64_t deadline;
    int error = read_deadline(operation, timeout, &deadline);

    if (error)
        return error;
    if ((operation & FUTEX_CLOCK_REALTIME) && command != FUTEX_WAIT_BITSET)
        return -ENOSYS;
    switch (command) {
    case FUTEX_WAIT:
        return futex_wait(address, operation, value, FUTEX_BITSET_MATCH_ANY, deadline);
    case FUTEX_WAIT_BITSET:
        return futex_wait(address, operation, value, value3, deadline);
    case FUTEX_WAKE:
        return futex_wake(address, operation, count, FUTEX_BITSET_MATCH_ANY);
    case FUTEX_WAKE_BITSET:
        return futex_wake(address, operation, count, value3);
    case FUTEX_REQUEUE:
        return futex_requeue(address, second, operation, count, more, NULL);
    case FUTEX_CMP_REQUEUE:
        return futex_requeue(address, second, operation, count, more, &value3);
    case FUTEX_WAKE_OP:
        return futex_wake_op(address, second, operation, count, more, value3);
    default:
        return -ENOSYS;
    }
}

/* ---- futex_waitv ---- */

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
        if (was_woken(&vector->waiters[i]))
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
        *deadline = moment(clock == CLOCK_REALTIME ? time_realtime_to_monotonic(ns) : ns);
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
